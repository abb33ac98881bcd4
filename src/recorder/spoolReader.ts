import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { longestLine } from "../probe/record.ts";
import type { SpoolPosition } from "../run/runWriter.ts";

/** One whole line of a spool. */
export interface SpoolLine {
  /** Where it begins, in bytes. */
  readonly offset: number;
  /** Its number, from 0. */
  readonly number: number;
  /** Where the next one begins. */
  readonly next: number;
  /** Without its line feed; undefined where it is longer than a line may be. */
  readonly text: string | undefined;
}

const chunkSize = 1_048_576;
const lineFeed = 0x0a;

/**
 * Reads the whole lines that a growing spool holds so far. A torn last line is kept back until its line feed is there. A
 * line that is too long is never held in memory.
 */
export class SpoolReader implements Disposable {
  readonly #file: string;
  #descriptor: number | undefined;
  #lineStart: number;
  #lineNumber: number;
  /** Bytes from `#lineStart` on that belong to no whole line yet; dropped once they are too many. */
  #rest = Buffer.alloc(0);
  #readTo: number;
  readonly #chunk = Buffer.allocUnsafe(chunkSize);

  constructor(file: string, from: SpoolPosition) {
    this.#file = file;
    this.#lineStart = from.offset;
    this.#lineNumber = from.line;
    this.#readTo = from.offset;
  }

  /** Bytes in the spool now; 0 where there is none yet. */
  size(): number {
    const descriptor = this.#open();
    return descriptor === undefined ? 0 : fstatSync(descriptor).size;
  }

  /** Whether the spool ends in the middle of a line, as far as it has been read. */
  get torn(): boolean {
    return this.#readTo > this.#lineStart;
  }

  /** The next whole lines, at most about a mebibyte of them; empty at the end of the file as it is now. */
  read(): readonly SpoolLine[] {
    const descriptor = this.#open();
    if (descriptor === undefined) return [];
    const lines: SpoolLine[] = [];
    while (lines.length === 0) {
      const length = readSync(descriptor, this.#chunk, 0, chunkSize, this.#readTo);
      if (length === 0) break;
      this.#split(this.#chunk.subarray(0, length), lines);
    }
    return lines;
  }

  [Symbol.dispose](): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #split(chunk: Buffer, lines: SpoolLine[]): void {
    const base = this.#readTo;
    let start = 0;
    for (let feed = chunk.indexOf(lineFeed); feed >= 0; feed = chunk.indexOf(lineFeed, start)) {
      const next = base + feed + 1;
      const tooLong = next - this.#lineStart > longestLine;
      // Joined as bytes: a character may lie across two chunks.
      const bytes = Buffer.concat([this.#rest, chunk.subarray(start, feed)]);
      const text = tooLong ? undefined : bytes.toString("utf8");
      lines.push({ offset: this.#lineStart, number: this.#lineNumber, next, text });
      this.#rest = Buffer.alloc(0);
      this.#lineStart = next;
      this.#lineNumber += 1;
      start = feed + 1;
    }
    this.#readTo = base + chunk.length;
    const tooLong = this.#readTo - this.#lineStart > longestLine;
    this.#rest = tooLong ? Buffer.alloc(0) : Buffer.concat([this.#rest, chunk.subarray(start)]);
  }

  #open(): number | undefined {
    if (this.#descriptor !== undefined) return this.#descriptor;
    try {
      this.#descriptor = openSync(this.#file, "r");
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    }
    return this.#descriptor;
  }
}
