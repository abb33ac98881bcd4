import { dot, mostBasisVectors, NonFiniteProductError, norm, orthogonalize, unit } from "./krylovSpace.ts";
import { RandomVectors } from "./randomVectors.ts";
import type { SymmetricOperator } from "./symmetricOperator.ts";

export interface TraceEstimate {
  readonly value: number;
  /** Of the random part; 0 where the trace was summed up exactly. */
  readonly standardError: number;
  readonly products: number;
}

/** A sketched direction with less left after orthogonalization adds nothing but rounding. */
const smallestRemainder = 1e-10;

/**
 * Trace of a symmetric operator by Hutch++ (Meyer, Musco, Musco and Woodruff 2021, algorithm 1): exact on a random sketch of
 * the range, which holds the large eigenvalues, and by Hutchinson's estimator on the rest. Unbiased.
 *
 * @param products to spend, at least 6: a third each for the sketch, its trace, and the rest. Operators of no larger order are summed up exactly.
 * @throws NonFiniteProductError
 */
export function hutchPlusPlus(operator: SymmetricOperator, products: number, seed: number): TraceEstimate {
  const { dimension } = operator;
  const multiply = (vector: Float64Array) => {
    const image = operator.product(vector);
    if (!Number.isFinite(norm(image))) throw new NonFiniteProductError();
    return image;
  };
  if (dimension <= products) {
    const value = Array.from({ length: dimension }, (_, index) => {
      return multiply(new Float64Array(dimension).fill(1, index, index + 1))[index] ?? 0;
    }).reduce((sum, element) => sum + element, 0);
    return { value, standardError: 0, products: dimension };
  }
  const third = Math.max(2, Math.min(Math.floor(products / 3), mostBasisVectors(dimension)));
  const random = new RandomVectors(dimension, seed);
  const basis: Float64Array[] = [];
  for (let column = 0; column < third; column++) {
    // Not signs, of which several may agree on all of the few dimensions that matter.
    const image = new Float64Array(multiply(random.normal()));
    const length = norm(image);
    if (length === 0) continue;
    orthogonalize(image, basis);
    orthogonalize(image, basis);
    if (norm(image) > smallestRemainder * length) basis.push(unit(image));
  }
  const inside = basis.reduce((sum, direction) => sum + dot(direction, multiply(direction)), 0);
  const samples = Array.from({ length: third }, () => {
    const outside = random.signs();
    orthogonalize(outside, basis);
    return dot(outside, multiply(outside));
  });
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / third;
  const variance = samples.reduce((sum, sample) => sum + (sample - mean) ** 2, 0) / (third - 1);
  return {
    value: inside + mean,
    standardError: Math.sqrt(variance / third),
    products: 2 * third + basis.length,
  };
}
