/** The places that a run recorded, in the text as it stands. */
import type { SourceSite } from "../../probe/record.ts";
import { encloses, type SourcePosition, type SourceRange } from "../../source/places.ts";
import type { PlacedRun } from "./placedRun.ts";

export class PlacedSites {
  readonly #run: PlacedRun;
  readonly #unchanged: ReadonlySet<number>;

  constructor(run: PlacedRun) {
    this.#run = run;
    this.#unchanged = new Set(run.places);
  }

  /** Where a recorded place is now; undefined where it is in another file, or its line has been changed since. */
  at(site: SourceSite | undefined): SourcePosition | undefined {
    if (site?.file !== this.#run.file) return undefined;
    const line = this.#run.places[site.line - 1] ?? -1;
    return line < 0 ? undefined : { line, column: site.column - 1 };
  }

  /** Whether every line of a range reads as it did when the script ran. */
  isUnchanged({ start, end }: SourceRange): boolean {
    for (let line = start.line; line <= end.line; line++) if (!this.#unchanged.has(line)) return false;
    return true;
  }

  /**
   * Of ranges, the smallest one that holds a recorded place, and reads as it did. Python's frames know no columns: there, and
   * wherever the column is the first, a range counts that begins on the line, if it is the only one.
   */
  among<T extends { readonly range: SourceRange }>(site: SourceSite | undefined, ranges: readonly T[]): T | undefined {
    const position = this.at(site);
    if (site === undefined || position === undefined) return undefined;
    const { line } = position;
    const isOn = ({ range }: T) => range.start.line <= line && line <= range.end.line;
    const holding =
      site.column > 1
        ? ranges.filter(({ range }) => encloses(range, { start: position, end: position }))
        : innermostOnLine(ranges.filter(isOn), line);
    const smallest = holding.find((one) => holding.every((other) => encloses(other.range, one.range)));
    return smallest !== undefined && this.isUnchanged(smallest.range) ? smallest : undefined;
  }
}

/** Those that begin on the line; else those that hold it. */
function innermostOnLine<T extends { readonly range: SourceRange }>(ranges: readonly T[], line: number): readonly T[] {
  const beginning = ranges.filter(({ range }) => range.start.line === line);
  return beginning.length > 0 ? beginning : ranges;
}
