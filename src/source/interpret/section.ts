/** One statement of a file's outermost block, with all that is in it: what is parsed, moved and read as one piece. */
import type { SourcePosition } from "../places.ts";

export class Section {
  static #next = 0;
  /** Tells sections apart, those of earlier readings too. */
  readonly id = Section.#next++;
  readonly text: string;
  /** Where it begins; an edit above it moves it. */
  line: number;
  readonly column: number;
  /** Offsets in its text of where its lines begin. */
  readonly #lines: readonly number[];

  constructor(text: string, { line, column }: SourcePosition) {
    this.text = text;
    this.line = line;
    this.column = column;
    const lines = [0];
    for (let place = text.indexOf("\n"); place >= 0; place = text.indexOf("\n", place + 1)) lines.push(place + 1);
    this.#lines = lines;
  }

  /** Where an offset in its text is in the file. */
  positionOf(offset: number): SourcePosition {
    let [low, high] = [0, this.#lines.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#lines[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    const column = offset - (this.#lines[low] ?? 0) + (low === 0 ? this.column : 0);
    return { line: this.line + low, column };
  }
}

/** Of what stands in the order of the text, the last that begins on a line or above it. */
export function lastBegun<T extends { readonly line: number }>(all: readonly T[], line: number): T | undefined {
  let [low, high] = [0, all.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((all[middle]?.line ?? 0) <= line) low = middle + 1;
    else high = middle;
  }
  return all[low - 1];
}
