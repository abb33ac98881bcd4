import type { SeriesSlice } from "../../run/runRows.ts";
import { columnNames } from "./seriesDifference.ts";

/**
 * How many more buckets are read than are sent. Levels of the run file are a factor of 16 apart, so that the finest level
 * that fits may have a sixteenth of the points that there is room for; read at eight times the room and joined here, it
 * has half of them at least.
 */
export const oversampling = 8;

/**
 * The slice with neighbouring buckets joined until there are at most `limit`. Widths double, and buckets start at
 * multiples of their width, so that a run that grows does not move those that are there. `level` is fractional where that
 * is what makes 16^level the width.
 */
export function coarsened(slice: SeriesSlice, limit: number): SeriesSlice {
  if (slice.steps.length <= limit) return slice;
  let doublings = 0;
  let starts: readonly number[];
  do {
    doublings += 1;
    const width = 16 ** slice.level * 2 ** doublings;
    const bucketAt = (index: number) => Math.floor((slice.steps[index] ?? 0) / width);
    starts = Array.from(slice.steps.keys()).filter((index) => index === 0 || bucketAt(index) !== bucketAt(index - 1));
  } while (starts.length > limit);

  const length = starts.length;
  const columns = Object.fromEntries(columnNames.map((name) => [name, new Float64Array(length)]));
  const joined: SeriesSlice = {
    ...slice,
    ...columns,
    level: slice.level + doublings / 4,
  };
  for (const [target, start] of starts.entries()) {
    const end = starts[target + 1] ?? slice.steps.length;
    joined.steps[target] = slice.steps[start] ?? NaN;
    joined.minimum[target] = least(slice.minimum, start, end);
    joined.maximum[target] = -least(slice.maximum, start, end, -1);
    joined.last[target] = slice.last[end - 1] ?? NaN;
    joined.count[target] = sum(slice.count, start, end);
    joined.notFinite[target] = sum(slice.notFinite, start, end);
  }
  return joined;
}

/** The least of `sign` times the finite entries; NaN where there is none. */
function least(column: Float64Array, start: number, end: number, sign = 1): number {
  let found = NaN;
  for (let index = start; index < end; index += 1) {
    const value = sign * (column[index] ?? NaN);
    if (Number.isFinite(value) && !(found <= value)) found = value;
  }
  return found;
}

function sum(column: Float64Array, start: number, end: number): number {
  let total = 0;
  for (let index = start; index < end; index += 1) total += column[index] ?? 0;
  return total;
}
