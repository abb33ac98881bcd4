import type { Delta, Snapshot, SeriesSlice } from "../src/editor/messages.ts";
import { joined } from "./seriesPoints.ts";

/** The run as the page knows it: the last snapshot, with everything since worked in. */
export class PanelData {
  snapshot: Snapshot | undefined;
  readonly #series = new Map<string, SeriesSlice>();

  slice(observable: string): SeriesSlice | undefined {
    return this.#series.get(observable);
  }

  begin(snapshot: Snapshot): void {
    this.snapshot = snapshot;
    this.replace(snapshot.series);
  }

  /** Another stretch, or other observables: nothing of the old ones is kept. */
  replace(series: readonly SeriesSlice[], thresholds?: Snapshot["thresholds"]): void {
    this.#series.clear();
    for (const slice of series) this.#series.set(slice.observable, slice);
    if (this.snapshot !== undefined && thresholds !== undefined) this.snapshot = { ...this.snapshot, thresholds };
  }

  advance(delta: Delta): void {
    for (const slice of delta.series ?? []) this.#series.set(slice.observable, slice);
    for (const tail of delta.tails ?? [])
      this.#series.set(tail.observable, joined(this.#series.get(tail.observable), tail));
    if (this.snapshot === undefined) return;
    const { overview, thresholds, ledger, standings, controllable } = this.snapshot;
    this.snapshot = {
      ...this.snapshot,
      overview: delta.overview ?? overview,
      thresholds: delta.thresholds ?? thresholds,
      ledger: delta.ledger ?? ledger,
      standings: delta.standings ?? standings,
      controllable: delta.controllable ?? controllable,
    };
  }
}
