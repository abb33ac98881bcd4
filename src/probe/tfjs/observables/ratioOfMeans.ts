export interface RatioOfMeans {
  readonly value: number;
  /** Ends of the interval of 95 % confidence. */
  readonly low: number;
  readonly high: number;
}

const normalQuantile = 1.96;

/**
 * Mean of the numerators over mean of the denominators, with Fieller's (1954) interval of 95 % confidence. The mean of the ratios
 * would be biased.
 *
 * @returns undefined where the denominators' mean is not clear of zero, for then the interval has no end.
 */
export function ratioOfMeans(pairs: readonly (readonly [number, number])[]): RatioOfMeans | undefined {
  const count = pairs.length;
  if (count < 2) return undefined;
  const [top, bottom] = [0, 1].map((side) => pairs.reduce((sum, pair) => sum + (pair[side] ?? 0), 0) / count) as [
    number,
    number,
  ];
  const covariance = (a: 0 | 1, b: 0 | 1) => {
    const means = [top, bottom] as const;
    return pairs.reduce((sum, pair) => sum + (pair[a] - means[a]) * (pair[b] - means[b]), 0) / ((count - 1) * count);
  };
  const [ofTop, ofBoth, ofBottom] = [covariance(0, 0), covariance(0, 1), covariance(1, 1)];
  const quantile = studentQuantile(count - 1);
  const doubt = (quantile ** 2 * ofBottom) / bottom ** 2;
  if (!(bottom > 0) || !(doubt < 1)) return undefined;
  const value = top / bottom;
  const centre = value - (quantile ** 2 * ofBoth) / bottom ** 2;
  const spread =
    ofTop -
    2 * value * ofBoth +
    value ** 2 * ofBottom -
    (quantile ** 2 / bottom ** 2) * (ofTop * ofBottom - ofBoth ** 2);
  const half = (quantile / bottom) * Math.sqrt(Math.max(0, spread));
  return { value, low: (centre - half) / (1 - doubt), high: (centre + half) / (1 - doubt) };
}

/** Student's quantile by its expansion about the normal one, to the second order (Abramowitz and Stegun 1964, 26.7.5). */
function studentQuantile(freedom: number): number {
  const z = normalQuantile;
  return z + (z ** 3 + z) / (4 * freedom) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2);
}
