import type { Series } from "./runView.ts";

/** Mean of the points of a window, and how sure it is. */
export interface WindowMean {
  readonly mean: number;
  /** One standard error, by batch means: larger where neighbours resemble each other, hardly so by a slow trend. */
  readonly standardError: number;
  readonly count: number;
}

const batches = 20;

/** Points looked at: more would make a mean no surer than what is forecast from it, and every look at a long run dearer. */
const mostPoints = 2048;

/**
 * Mean over the points of a series with `from` ≤ step ≤ `to`, each counting alike, of their value or of what `of` makes of it.
 * Undefined where there are fewer than 20, or one is not finite.
 * Source of the error: the method of batch means (Conway 1963) with 20 batches, whose variance is half the mean square of the
 * differences between successive ones (von Neumann et al. 1941).
 */
export function windowMean(
  series: Series,
  from: number,
  to: number,
  of: (value: number) => number = (value) => value,
): WindowMean | undefined {
  const [first, end] = [series.indexFrom(from), series.indexFrom(to + 1)];
  const stride = Math.max(1, Math.ceil((end - first) / mostPoints));
  const count = Math.ceil((end - first) / stride);
  if (count < batches) return undefined;
  const sums = new Float64Array(batches);
  const sizes = new Float64Array(batches);
  for (let point = 0; point < count; point++) {
    const batch = Math.floor((point * batches) / count);
    sums[batch] = (sums[batch] ?? 0) + of(series.valueAt(first + point * stride));
    sizes[batch] = (sizes[batch] ?? 0) + 1;
  }
  const mean = sums.reduce((sum, each) => sum + each, 0) / count;
  const means = sums.map((sum, batch) => sum / (sizes[batch] ?? NaN));
  let squares = 0;
  for (let batch = 1; batch < batches; batch++) squares += ((means[batch] ?? NaN) - (means[batch - 1] ?? NaN)) ** 2;
  if (!Number.isFinite(mean) || !Number.isFinite(squares)) return undefined;
  return { mean, standardError: Math.sqrt(squares / (2 * (batches - 1) * batches)), count };
}
