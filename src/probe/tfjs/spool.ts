import { openSync, writeSync } from "node:fs";
import path from "node:path";
import { longestLine, type SpoolRecord } from "../record.ts";

/**
 * Appends records to a run's `spool.jsonl`, one blocking write each, so that what has been measured is on its way to the
 * disk before the script goes on. A write that fails never reaches the script: records are then lost, and how many is said
 * in a `note` as soon as writing works again.
 */
export class Spool {
  readonly #descriptor: number;
  #lost = 0;
  #torn = false;

  /** Throws what `openSync` throws where the run's directory cannot be written to. */
  constructor(directory: string) {
    this.#descriptor = openSync(path.join(directory, "spool.jsonl"), "a");
  }

  write(record: SpoolRecord): void {
    const line = lineOf(record);
    if (Buffer.byteLength(line) > longestLine) {
      this.#append(
        lineOf({
          t: "note",
          time: record.time,
          severity: "warning",
          code: "record-too-long",
          text: `A ${record.t} record was left out: it is longer than ${longestLine} bytes.`,
        }),
      );
      return;
    }
    if (this.#lost > 0 && this.#append(lineOf(lossNote(record.time, this.#lost)))) this.#lost = 0;
    if (!this.#append(line)) this.#lost++;
  }

  #append(line: string): boolean {
    const bytes = Buffer.from(this.#torn ? `\n${line}` : line);
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(this.#descriptor, bytes, written);
      this.#torn = false;
      return true;
    } catch {
      this.#torn ||= written > 0;
      return false;
    }
  }
}

function lineOf(record: SpoolRecord): string {
  return `${JSON.stringify(record, decimal)}\n`;
}

/** JSON has no NaN and no infinities. */
function decimal(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

function lossNote(time: number, lost: number): SpoolRecord {
  return {
    t: "note",
    time,
    severity: "warning",
    code: "records-lost",
    text: `${lost} records could not be written to the run's folder and are lost. Is its disk full?`,
  };
}
