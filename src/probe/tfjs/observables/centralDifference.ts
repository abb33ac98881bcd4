import { squaredNorm } from "./vectors.ts";

/** A function of time with several elements, at −2τ, −τ, 0, τ and 2τ. */
export type Samples = readonly [
  ArrayLike<number>,
  ArrayLike<number>,
  ArrayLike<number>,
  ArrayLike<number>,
  ArrayLike<number>,
];

export interface Derivative {
  readonly value: Float64Array;
  /** Bound on the norm of its error. */
  readonly error: number;
}

/**
 * Derivative at 0 by central differences over τ and 2τ, extrapolated to τ = 0. Where the function jumps on the way it is the rate over
 * this way, and the error grows by the jumps.
 *
 * @param rounding norm of the samples' own errors.
 */
export function centralDifference(samples: Samples, step: number, rounding: number): Derivative {
  const [longBefore, before, here, after, longAfter] = samples;
  const size = here.length;
  const value = new Float64Array(size);
  const correction = new Float64Array(size);
  const jump = new Float64Array(size);
  for (let index = 0; index < size; index++) {
    const at = (sample: ArrayLike<number>) => sample[index] ?? Number.NaN;
    const near = (at(after) - at(before)) / (2 * step);
    const far = (at(longAfter) - at(longBefore)) / (4 * step);
    correction[index] = (near - far) / 3;
    value[index] = near + (near - far) / 3;
    // Fourth difference: next to nothing where the function is smooth, and at least the jump where one is crossed.
    jump[index] = at(longAfter) - 4 * at(after) + 6 * at(here) - 4 * at(before) + at(longBefore);
  }
  // The two differences have errors of rounding/step and half that, which extrapolation weighs by 4/3 and 1/3.
  const smooth = Math.sqrt(squaredNorm(correction)) + (1.5 * rounding) / step;
  return { value, error: smooth + Math.sqrt(squaredNorm(jump)) / (2 * step) };
}
