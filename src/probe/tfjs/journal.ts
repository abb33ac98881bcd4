import type { NoteRecord, SourceSite, SpoolRecord } from "../record.ts";
import type { RunClock } from "./clock.ts";
import type { Spool } from "./spool.ts";

type WithoutTime<R> = R extends SpoolRecord ? Omit<R, "time"> : never;

/** Writes records, stamped with the time, and each thing that a person should know only once. */
export class Journal {
  readonly clock: RunClock;
  readonly #spool: Spool;
  readonly #said = new Set<string>();
  /** Optimizer steps completed. */
  step = 0;

  constructor(spool: Spool, clock: RunClock) {
    this.#spool = spool;
    this.clock = clock;
  }

  write(record: WithoutTime<SpoolRecord>): void {
    this.#spool.write({ ...record, time: this.clock.time });
  }

  note(severity: NoteRecord["severity"], code: string, text: string, source?: SourceSite): void {
    this.write({ t: "note", step: this.step, severity, code, text, ...(source !== undefined && { source }) });
  }

  /** Says it unless a note with this code and text has been written before. */
  noteOnce(severity: NoteRecord["severity"], code: string, text: string, source?: SourceSite): void {
    const key = `${code} ${text}`;
    if (this.#said.has(key)) return;
    this.#said.add(key);
    this.note(severity, code, text, source);
  }
}
