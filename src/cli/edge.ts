import type { OptimizerRecord } from "../probe/record.ts";
import { parseLine } from "../recorder/spoolRecord.ts";
import type { EventRow, RunOverview, RunReader } from "../run/runRows.ts";
import { stabilityThreshold, type StabilityThreshold } from "../theory/empirical/stabilityThreshold.ts";
import type { Edge } from "./progress.ts";

/** Follows where a run stands towards its optimizer's limit of stability; undefined while either is unknown. */
export class EdgeWatch {
  readonly #reader: RunReader;
  #lastEvent = 0;
  #optimizer: OptimizerRecord | undefined;

  constructor(reader: RunReader) {
    this.#reader = reader;
  }

  look(overview: RunOverview): Edge | undefined {
    for (const event of this.#newEvents()) {
      const parsed = event.kind === "optimizer" ? parseLine(event.body) : undefined;
      if (parsed?.is === "record" && parsed.record.t === "optimizer") this.#optimizer = parsed.record;
    }
    const last = (name: string) => overview.observables.find((each) => each.name === name)?.lastValue;
    const threshold = this.#threshold(last("optimizer/learningRate"));
    const value = threshold && last(threshold.observable);
    return threshold === undefined || value === undefined ? undefined : { value, threshold: threshold.value };
  }

  #threshold(learningRate: number | undefined): StabilityThreshold | undefined {
    return this.#optimizer && stabilityThreshold(this.#optimizer, learningRate);
  }

  #newEvents(): readonly EventRow[] {
    const events = this.#reader.events(this.#lastEvent, 1000);
    this.#lastEvent = events.at(-1)?.sequence ?? this.#lastEvent;
    return events;
  }
}
