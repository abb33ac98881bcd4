import { closeSync, openSync, readSync, statSync } from "node:fs";
import path from "node:path";
import { controlSchema, type ControlRequest } from "../record.ts";

/** Milliseconds between two looks at the file: a look costs some ten microseconds, a step may cost no more. */
const patience = 10;

/** Follows a run's `control.jsonl`. Lines that are no request are passed over. */
export class ControlFile {
  readonly #file: string;
  #offset = 0;
  #rest = "";
  #nextLook = 0;

  constructor(directory: string) {
    this.#file = path.join(directory, "control.jsonl");
  }

  /** Requests that came since the last call, oldest first. */
  poll(): ControlRequest[] {
    const now = performance.now();
    if (now < this.#nextLook) return [];
    this.#nextLook = now + patience;
    const size = statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0;
    if (size <= this.#offset) return [];
    const lines = (this.#rest + this.#read(size)).split("\n");
    this.#rest = lines.pop() ?? "";
    return lines.flatMap(requestOf);
  }

  #read(size: number): string {
    const bytes = Buffer.alloc(size - this.#offset);
    const descriptor = openSync(this.#file, "r");
    try {
      const length = readSync(descriptor, bytes, 0, bytes.length, this.#offset);
      this.#offset += length;
      return bytes.toString("utf8", 0, length);
    } finally {
      closeSync(descriptor);
    }
  }
}

function requestOf(line: string): ControlRequest[] {
  try {
    const parsed = controlSchema.safeParse(JSON.parse(line));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}
