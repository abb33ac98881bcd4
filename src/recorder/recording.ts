import type { SpoolRecord } from "../probe/record.ts";
import type { RowSink, RunFacts } from "../run/rowSink.ts";
import type { EventRow } from "../run/runRows.ts";
import type { RunView } from "../theory/runView.ts";
import { eventSeverity, eventText, type EventRecord } from "./eventText.ts";
import { Forecasting } from "./forecasting.ts";
import { RunState } from "./runState.ts";
import type { SpoolLine } from "./spoolReader.ts";
import { parseLine, stepOf } from "./spoolRecord.ts";

/** So many lines that are no records are reported one by one; a spool full of garbage is not a list of events. */
const reportedFaults = 100;

/**
 * Turns a spool's lines into rows. A pure function of the lines that it has been given, the run's id and earlier runs: it has no clock,
 * no random numbers and no files, so that reading a spool again gives the same rows, in the same order.
 */
export class Recording {
  readonly #state = new RunState();
  readonly #forecasting: Forecasting;
  #sink: RowSink;
  #sequence = 1;
  #faults = 0;
  #ended = false;

  constructor(runId: string, earlier: () => readonly RunView[], sink: RowSink) {
    this.#forecasting = new Forecasting(runId, earlier);
    this.#sink = sink;
  }

  /** From now on, rows go there. */
  writeTo(sink: RowSink): void {
    this.#sink = sink;
  }

  /** Whether the run's end has been read; lines after it are not looked at. */
  get ended(): boolean {
    return this.#ended;
  }

  get stepsCompleted(): number {
    return this.#state.stepsCompleted;
  }

  get time(): number {
    return this.#state.time;
  }

  get announcedProcess(): number | undefined {
    return this.#state.announcedProcess;
  }

  /** How many rows there have been so far. */
  get counts(): { readonly events: number; readonly forecasts: number; readonly verdicts: number } {
    return { events: this.#sequence - 1, ...this.#forecasting.counts };
  }

  facts(): RunFacts {
    return this.#state.facts();
  }

  consume(line: SpoolLine): void {
    if (this.#ended) return;
    const parsed = parseLine(line.text);
    if (parsed.is === "fault") this.#report(line, parsed.why);
    if (parsed.is !== "record") return;
    const { record } = parsed;
    const step = stepOf(record) ?? this.#state.step;
    if (step < this.#state.step && record.t !== "end") {
      this.#report(line, `its step ${step} comes after step ${this.#state.step}`);
      return;
    }
    this.#state.take(record);
    this.#write(record, line);
    for (const refusal of this.#forecasting.take(record, this.#sink)) this.#event("refusal", "warning", refusal, "");
    if (record.t === "end") this.#end();
  }

  #write(record: SpoolRecord, line: SpoolLine): void {
    switch (record.t) {
      case "step":
        for (const [name, value] of Object.entries(record.values))
          this.#sink.point(name, record.step, value, Number.NaN);
        break;
      case "measure": {
        const { cost, method, sample, error } = record;
        this.#sink.measurement({ cost, method, sample }, line.number);
        for (const [name, value] of Object.entries(record.values)) {
          this.#sink.point(name, record.step, value, error?.[name] ?? Number.NaN, line.number);
        }
        break;
      }
      case "vector": {
        const { name, step, values, labels = [] } = record;
        this.#sink.vector({ name, step, values: Float64Array.from(values), labels }, line.number);
        break;
      }
      case "begin":
      case "model":
      case "objective":
      case "optimizer":
      case "data":
      case "note":
      case "end":
        this.#event(record.t, eventSeverity(record), eventText(record), bodyOf(record, line));
    }
  }

  #report(line: SpoolLine, why: string): void {
    this.#faults += 1;
    if (this.#faults > reportedFaults) return;
    const more =
      this.#faults === reportedFaults
        ? " Further lines like it are skipped too, and only their number is told, at the end."
        : "";
    const text = `Line ${line.number + 1} of the spool, at byte ${line.offset}, is no record: ${why}. It is skipped.${more}`;
    this.#event("fault", "warning", text, "");
  }

  #end(): void {
    this.#ended = true;
    if (this.#faults > reportedFaults) {
      this.#event("fault", "warning", `${this.#faults} lines of the spool were no records.`, "");
    }
  }

  #event(kind: string, severity: EventRow["severity"], text: string, body: string): void {
    this.#sequence += 1;
    const { step, time } = this.#state;
    this.#sink.event({ sequence: this.#sequence, kind, step, time, severity, text, body });
  }
}

/** The line itself: it is JSON, and keeps what this version does not know. */
function bodyOf(record: EventRecord, line: SpoolLine): string {
  return line.text ?? JSON.stringify(record);
}
