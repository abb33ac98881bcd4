/** Where the lines of a text stand after edits, so that what a run recorded of a line is shown where that line is now. */

/** A replacement, in lines and columns of the text before it, counted from 0. */
export interface LineEdit {
  readonly start: { readonly line: number; readonly column: number };
  readonly end: { readonly line: number; readonly column: number };
  readonly inserted: string;
}

/** Follows the lines of one text. A line is still itself while it reads as it did, and again once an edit of it is undone. */
export class LineOrigins {
  readonly #lines: readonly string[];
  /** For each line as it stands, the line of the first text that it may be; −1 for a new one. */
  #origins: number[];

  /** `text` is the one that is followed. */
  constructor(text: string) {
    this.#lines = linesOf(text);
    this.#origins = this.#lines.map((_, line) => line);
  }

  edit({ start, end, inserted }: LineEdit): void {
    const count = linesOf(inserted).length;
    const [first, last] = [this.#originAt(start.line), this.#originAt(end.line)];
    const between = Array<number>(Math.max(0, count - 2)).fill(-1);
    // Of two lines that become one, the one stays of which more is left; which of them it reads as is looked at when asked.
    const ends = count > 1 ? [first, ...between, last] : [start.column === 0 ? last : first];
    this.#origins.splice(start.line, end.line - start.line + 1, ...ends);
  }

  /** For each line of the first text, where it stands in `text`, the text after all edits; −1 where it is no longer there. */
  places(text: string): Int32Array {
    const places = new Int32Array(this.#lines.length).fill(-1);
    for (const [line, read] of linesOf(text).entries()) {
      const origin = this.#origins[line];
      if (origin !== undefined && origin >= 0 && this.#lines[origin] === read && places[origin] === -1) {
        places[origin] = line;
      }
    }
    return places;
  }

  #originAt(line: number): number {
    return this.#origins[line] ?? -1;
  }
}

/** As editors count lines, whatever their ends. */
function linesOf(text: string): string[] {
  return text.split(/\r\n|\r|\n/);
}
