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
    const line = Buffer.from(lineOf(record));
    if (line.length > longestLine) {
      const text = `A ${record.t} record was left out: it is longer than ${longestLine} bytes.`;
      const note = lineOf({ t: "note", time: record.time, severity: "warning", code: "record-too-long", text });
      this.#append(Buffer.from(note));
      return;
    }
    if (this.#lost > 0 && this.#append(Buffer.from(lineOf(lossNote(record.time, this.#lost))))) this.#lost = 0;
    if (!this.#append(line)) this.#lost++;
  }

  #append(line: Buffer): boolean {
    const bytes = this.#torn ? Buffer.concat([Buffer.from("\n"), line]) : line;
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
  const text = JSON.stringify(record);
  // Numbers that JSON lacks have become null. Looking at each value on the way takes several times as long.
  return `${text.includes("null") ? JSON.stringify(record, decimal) : text}\n`;
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
