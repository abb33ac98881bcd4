import type { RunView } from "./runView.ts";

/** Examples that a step of the optimizer sees, in all processes together; undefined while it is not known. */
export function batchOf({ data, series }: Pick<RunView, "data" | "series">): number | undefined {
  const sizes = series("batch/size");
  // The last batch of an epoch may be smaller.
  const own = data?.batch ?? (sizes.length === 0 ? undefined : sizes.maximum(0, sizes.length));
  if (own === undefined || !(own > 0 && own < Infinity)) return undefined;
  return Math.min(own * (data?.processes ?? 1), data?.examples ?? Infinity);
}
