/** How data are put into batches. */
import { derived, jointBasis, unstated, type Known } from "../sketch/known.ts";

export interface Batches {
  /** Examples of one batch, as the text asks for them; data that are fewer make a smaller one. */
  readonly limit: Known<number>;
  /** Examples in all. */
  readonly examples: Known<number>;
  /** Whether a last batch that is smaller is left out. */
  readonly dropsLast: Known<boolean>;
}

/** Examples of each batch but a smaller last one. Unknown, "at most N", where it is not known whether there are as many examples. */
export function batchSizeOf({ limit, examples, dropsLast }: Batches): Known<number> {
  if (!limit.known) return limit;
  const wholeOnly = dropsLast.known && dropsLast.value;
  if (!examples.known)
    return wholeOnly || limit.value === 1 ? limit : unstated(`at most ${limit.value}: ${examples.reason}`, limit.range);
  if (examples.value >= limit.value) return examples.basis === "default" ? { ...limit, basis: "default" } : limit;
  if (!dropsLast.known) return dropsLast;
  if (wholeOnly) return unstated("the data are fewer than one batch, and what is left over is dropped", limit.range);
  return { ...examples, basis: jointBasis([examples.basis, limit.basis]) };
}

/** Batches of one pass over the data. */
export function batchesPerPass({ limit, examples, dropsLast }: Batches): Known<number> {
  const count = derived([examples, limit], ([all = 0, size = 1]) => all / size);
  if (!count.known || Number.isInteger(count.value)) return count;
  if (!dropsLast.known) return dropsLast;
  return { ...count, value: dropsLast.value ? Math.floor(count.value) : Math.ceil(count.value) };
}
