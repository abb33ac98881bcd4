/** One statement of a file's outermost block, with all that is in it: what is parsed, moved and read as one piece. */
import type { SourcePosition } from "../places.ts";
import type { Nodes } from "./nodes.ts";

export class Section {
  static #next = 0;
  static #nextNode = 1;
  /** Tells sections apart, those of earlier readings too. */
  readonly id = Section.#next++;
  /** Tells the first of its nodes from those of all other sections; the others are numbered after it. */
  readonly firstNode = Section.#nextNode;
  readonly text: string;
  readonly nodes: Nodes;
  /** Where it begins; an edit above it moves it. */
  line: number;
  readonly column: number;
  #lines: readonly number[] | undefined;

  constructor(text: string, { line, column }: SourcePosition, nodes: Nodes) {
    this.text = text;
    this.line = line;
    this.column = column;
    this.nodes = nodes;
    Section.#nextNode += nodes.count;
  }

  /** Where an offset in its text is in the file. */
  positionOf(offset: number): SourcePosition {
    const lines = (this.#lines ??= beginnings(this.text));
    let low = 0;
    let high = lines.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((lines[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    const column = offset - (lines[low] ?? 0) + (low === 0 ? this.column : 0);
    return { line: this.line + low, column };
  }
}

/** Offsets in a text of where its lines begin. */
function beginnings(text: string): readonly number[] {
  const lines = [0];
  for (let place = text.indexOf("\n"); place >= 0; place = text.indexOf("\n", place + 1)) lines.push(place + 1);
  return lines;
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
