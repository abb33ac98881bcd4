import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** 10 % and 90 % quantiles. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** 10 % and 90 % quantiles of a Gaussian, in standard deviations. */
export const gaussianDecile = 1.2816;

/** 90 % quantile of Student's t, to 1 % from 2 degrees of freedom on: an error known from few runs is not well known. */
export function studentNinth(degrees: number): number {
  return gaussianDecile + 0.95 / degrees + 0.5 / degrees ** 2;
}

/** A whole number from a text, the same everywhere: the seed of what a law draws. FNV-1a, Fowler, Noll and Vo 1991. */
function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash | 0;
}

/**
 * Quantile of values by linear interpolation between order statistics; NaN where there are none.
 * Source: Hyndman and Fan 1996, definition 7.
 */
export function quantile(values: readonly number[], probability: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const position = probability * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(position)] ?? NaN, sorted[Math.ceil(position)] ?? NaN];
  return below === above ? below : below + (position - Math.floor(position)) * (above - below);
}

/**
 * What an estimate gives on samples drawn with replacement from the items, as many as there are. Samples on which it is not
 * defined are left out.
 *
 * @param seed text that decides what is drawn, as a run's id with what the estimate is about.
 * Source: Efron 1979, method 2.
 */
export function bootstrap<Item, Estimate>(
  items: readonly Item[],
  samples: number,
  seed: string,
  estimate: (sample: readonly Item[]) => Estimate | undefined,
): readonly Estimate[] {
  if (items.length === 0) return [];
  const generator = xoroshiro128plus(seedOf(seed));
  const found: Estimate[] = [];
  for (let sample = 0; sample < samples; sample++) {
    const drawn = items.flatMap(() => items[uniformInt(generator, 0, items.length - 1)] ?? []);
    const value = estimate(drawn);
    if (value !== undefined) found.push(value);
  }
  return found;
}

/** 10 % and 90 % quantiles of values; undefined where fewer than `fewest` are finite. */
export function intervalOf(values: readonly number[], fewest: number): Interval | undefined {
  const known = values.filter(Number.isFinite);
  if (known.length < fewest) return undefined;
  return { low: quantile(known, 0.1), high: quantile(known, 0.9) };
}
