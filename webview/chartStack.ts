import type {
  AxisRange,
  ObservableSummary,
  PanelView,
  Reading,
  SeriesRequest,
  Snapshot,
} from "../src/editor/messages.ts";
import { endOfRun } from "../src/editor/messages.ts";
import { ChartCard, type ChartEvents } from "./chartCard.ts";
import type { Colours } from "./colours.ts";
import { element, setChildren } from "./dom.ts";
import { nothingMeasured } from "./emptyStates.ts";
import { byImportance, chartKey, chartTitle } from "./observableLabel.ts";
import { readName } from "./observableName.ts";
import type { PanelData } from "./panelData.ts";
import { SeriesTable } from "./seriesTable.ts";

/** Charts that have their place even before there is anything in them. */
const always = ["loss", "sharpness/batch"];
/** A zoomed stretch is asked for with this much of itself on either side, so that curves reach the chart's edges. */
const margin = 0.25;
const fewestBuckets = 200;

/** All charts, one above the other over one step axis, or the tables of the same numbers. */
export class ChartStack {
  readonly root = element("div", { class: "charts" });
  readonly #events: ChartEvents;
  readonly #cards = new Map<string, ChartCard>();
  readonly #tables = new Map<string, SeriesTable>();

  constructor(events: ChartEvents) {
    this.#events = events;
  }

  update(snapshot: Snapshot, data: PanelData, view: PanelView, steps: AxisRange, colours: Colours): void {
    const present = namesOf(view.shown, snapshot.overview.observables);
    const reserved = always.filter((key) => view.shown.some((base) => chartKey(base) === key));
    const keys = [...new Set([...present.map(chartKey), ...reserved])].toSorted(byImportance);
    for (const [key, card] of this.#cards)
      if (!keys.includes(key)) {
        card.dispose();
        this.#cards.delete(key);
        this.#tables.delete(key);
      }
    const roots = keys.map((key) => {
      const slices = present.filter((name) => chartKey(name) === key).flatMap((name) => data.slice(name) ?? []);
      const threshold = snapshot.thresholds.find((each) => each.observable === key);
      if (view.table && slices.length > 0) {
        const table = this.#tables.get(key) ?? new SeriesTable(chartTitle(key));
        this.#tables.set(key, table);
        table.update(slices, threshold, steps);
        return table.root;
      }
      const { overview, ledger } = snapshot;
      const emptyText = nothingMeasured(overview, chartTitle(key));
      const card = this.#card(key);
      // A chart takes its size from where it stands.
      if (!card.root.isConnected) this.root.append(card.root);
      card.update({ overview, slices, threshold, ledger, view, steps, colours, emptyText });
      return card.root;
    });
    setChildren(this.root, roots);
  }

  setReading(observable: string, reading: Reading): void {
    this.#cards.get(chartKey(observable))?.setReading(observable, reading);
  }

  setCursor(step: number | undefined): void {
    for (const card of this.#cards.values()) card.setCursor(step);
  }

  /**
   * What to ask for on a page that is so many pixels wide: one bucket, which is two points, for each of a plot's. What is not
   * known to be there is asked for all the same, by its base name.
   */
  wanted(view: PanelView, width: number, observables: readonly ObservableSummary[]): SeriesRequest[] {
    const buckets = Math.max(fewestBuckets, Math.floor(width - 80));
    const { zoom } = view;
    const around = zoom === undefined ? 0 : (zoom.to - zoom.from) * margin;
    const range =
      zoom === undefined
        ? { fromStep: 0, toStep: endOfRun, buckets }
        : {
            fromStep: Math.max(0, Math.floor(zoom.from - around)),
            toStep: Math.ceil(zoom.to + around),
            buckets: Math.ceil(buckets * (1 + 2 * margin)),
          };
    const names = view.shown.flatMap((base) => {
      const present = namesOf([base], observables);
      return present.length > 0 ? present : [base];
    });
    return names.map((observable) => ({ observable, ...range }));
  }

  #card(key: string): ChartCard {
    const known = this.#cards.get(key) ?? new ChartCard(key, chartTitle(key), this.#events);
    this.#cards.set(key, known);
    return known;
  }
}

/** Everything of these base names that there is: of all layers, and what goes with it. */
function namesOf(bases: readonly string[], observables: readonly ObservableSummary[]): readonly string[] {
  return observables.map(({ name }) => name).filter((name) => bases.includes(readName(name).base));
}
