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
    const put = linesOf(inserted);
    const taken = this.#origins.slice(start.line, end.line + 1);
    const [first = -1, last = -1] = [taken[0], taken.at(-1)];
    // Of two lines that become one, the one stays of which more is left; which of them it reads as is looked at when asked.
    const ends = put.length > 1 ? [first, ...this.#between(put, taken), last] : [start.column === 0 ? last : first];
    this.#origins.splice(start.line, taken.length, ...ends);
  }

  /** Of whole lines that are put in the place of others, those at either end that read alike: a file that is read anew is one edit. */
  #between(put: readonly string[], taken: readonly number[]): number[] {
    const origins = put.map(() => -1);
    const most = Math.min(put.length, taken.length) - 1;
    const isAlike = (one: string | undefined, origin = -1) => origin >= 0 && this.#lines[origin] === one;
    let before = 1;
    for (; before < most && isAlike(put[before], taken[before]); before++) origins[before] = taken[before] ?? -1;
    for (let back = 2; back <= most - before + 1; back++) {
      const origin = taken.at(-back);
      if (!isAlike(put.at(-back), origin)) break;
      origins[put.length - back] = origin ?? -1;
    }
    return origins.slice(1, -1);
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
}

/** As editors count lines, whatever their ends. */
function linesOf(text: string): string[] {
  return text.split(/\r\n|\r|\n/);
}
