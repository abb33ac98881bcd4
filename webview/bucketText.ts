import type { SeriesSlice } from "../src/editor/messages.ts";
import { valueText } from "./numberText.ts";

/** A bucket in words: its value, or its extent where it holds several points, and how many are no number. */
export function bucketText(slice: SeriesSlice, index: number): string {
  const [minimum, maximum, last] = [slice.minimum, slice.maximum, slice.last].map((column) => column[index] ?? NaN);
  const [count, notFinite] = [slice.count[index] ?? 0, slice.notFinite[index] ?? 0];
  if (minimum === undefined || maximum === undefined || last === undefined) return "";
  if (count <= 1) return valueText(last);
  const extent = minimum === maximum ? valueText(minimum) : `${valueText(minimum)} to ${valueText(maximum)}`;
  if (notFinite === 0) return extent;
  return notFinite === count ? "NaN or infinite" : `${extent}, ${String(notFinite)} NaN or infinite`;
}
