import type { SeriesSlice } from "../../run/runRows.ts";

/** The columns of a slice, all of one length. */
export const columnNames = ["steps", "minimum", "maximum", "last", "count", "notFinite"] as const;

/** The slice from bucket `start` to before bucket `end`, in arrays of its own. */
export function partOf(slice: SeriesSlice, start: number, end = slice.steps.length): SeriesSlice {
  return {
    observable: slice.observable,
    level: slice.level,
    steps: slice.steps.slice(start, end),
    minimum: slice.minimum.slice(start, end),
    maximum: slice.maximum.slice(start, end),
    last: slice.last.slice(start, end),
    count: slice.count.slice(start, end),
    notFinite: slice.notFinite.slice(start, end),
  };
}

/**
 * Index of the first bucket in which `next` says more than `previous`; 0 where they have nothing in common, and the length
 * of `next` where nothing changed.
 */
export function firstDifference(previous: SeriesSlice | undefined, next: SeriesSlice): number {
  if (previous?.level !== next.level || previous.steps.length > next.steps.length) return 0;
  let index = 0;
  while (
    index < previous.steps.length &&
    columnNames.every((column) => Object.is(previous[column][index], next[column][index]))
  )
    index += 1;
  return index;
}
