/** What a linear model that descends on some examples makes of others, told by its kernel on the first alone. */
import type { Linearization } from "../limits/linearization.ts";

interface UnseenLoss {
  /** Loss on examples of the same kind that are not trained on. */
  readonly value: number;
  /** Standard error of its logarithm, were it compared with as many new examples as there are eigenvalues. */
  readonly error: number;
  /** Of each eigenvector, the square of its factor, and its part of the value. */
  readonly squares: readonly number[];
  readonly parts: readonly number[];
}

interface Complex {
  readonly re: number;
  readonly im: number;
}

function product(one: Complex, other: Complex): Complex {
  return { re: one.re * other.re - one.im * other.im, im: one.re * other.im + one.im * other.re };
}

function quotient(one: Complex, other: Complex): Complex {
  const square = other.re ** 2 + other.im ** 2;
  return {
    re: (one.re * other.re + one.im * other.im) / square,
    im: (one.im * other.re - one.re * other.im) / square,
  };
}

/** Points of the contour, of which the half above the real axis is enough. */
const points = 24;

/**
 * Poles z and weights c of e^−x = 2·Re Σ c·z/(z + x) for x ≥ 0, to 1e-9: Bromwich's integral by the trapezoidal rule on the cotangent contour of
 * Trefethen, Weideman and Schmelzer 2006, eq. 3.1.
 */
const contour = Array.from({ length: points / 2 }, (_, index) => {
  const angle = ((2 * index + 1) * Math.PI) / points;
  const cotangent = 1 / Math.tan(0.6407 * angle);
  const pole = { re: points * (0.5017 * angle * cotangent - 0.6122), im: points * 0.2645 * angle };
  const along = {
    re: points * 0.5017 * (cotangent - (0.6407 * angle) / Math.sin(0.6407 * angle) ** 2),
    im: points * 0.2645,
  };
  const exponential = { re: Math.exp(pole.re) * Math.cos(pole.im), im: Math.exp(pole.re) * Math.sin(pole.im) };
  const weight = quotient(quotient(product(exponential, along), { re: 0, im: points }), pole);
  return { pole, weight };
});

/**
 * By what each eigenvector's part of the targets is multiplied in the errors that descent would make on its own examples, had it not seen the one in question.
 *
 * Of ridge regression with penalty δ that is δ/(μ + δ) over its mean over all eigenvalues (Golub, Heath and Wahba 1979), exact for many examples. What
 * descent has left of a mode, e^(−τμ), is a sum of such terms with complex δ, and the same sum of the ridges' errors is the error of descent: derived
 * here, since generalized cross-validation of descent itself errs where it comes near to interpolation (Patil, Wu and Tibshirani 2024).
 *
 * @param times τμ of each eigenvalue
 */
export function unseenFactors(times: readonly number[]): readonly number[] {
  const factors = times.map(() => 0);
  for (const { pole, weight } of contour) {
    const left = times.map((time) => quotient(pole, { re: pole.re + time, im: pole.im }));
    const mean = {
      re: left.reduce((sum, { re }) => sum + re, 0) / left.length,
      im: left.reduce((sum, { im }) => sum + im, 0) / left.length,
    };
    const scale = quotient(weight, mean);
    left.forEach((each, index) => {
      factors[index] = (factors[index] ?? 0) + 2 * product(scale, each).re;
    });
  }
  return factors;
}

/** The loss on unseen examples after so many steps of descent. @param initial the linear model at step 0 */
export function unseenLoss({ rates, parts }: Linearization, learningRate: number, steps: number): UnseenLoss {
  const squares = unseenFactors(rates.map((rate) => Math.max(0, learningRate * rate * steps))).map((each) => each ** 2);
  const values = parts.map((part, index) => part * (squares[index] ?? NaN));
  // As many independent errors as carry the sum: the fewer, the nearer the fit is to using all freedom.
  const independent = sumOf(squares) ** 2 / inner(squares, squares);
  return { value: sumOf(values), error: Math.sqrt(2 / independent + 2 / rates.length), squares, parts: values };
}

/** Relative error of a loss from one that was measured when hardly anything differed. */
const leastError = 0.03;

/**
 * The loss at one time, given what was measured at another: what the kernel was off by there it is off by here, the more so the more alike the
 * eigenvectors are that matter and their parts. Two Gaussians, whose correlation is taken for the product of both cosines.
 */
export function unseenGiven(then: UnseenLoss, measured: number, now: UnseenLoss): { value: number; error: number } {
  const correlation = cosine(then.squares, now.squares) * cosine(then.parts, now.parts);
  const off = Math.log(measured / then.value);
  return {
    value: now.value * Math.exp((correlation * off * now.error) / then.error),
    error: Math.hypot(now.error * Math.sqrt(Math.max(0, 1 - correlation ** 2)), leastError),
  };
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0);
}

function inner(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, each, index) => sum + each * (other[index] ?? NaN), 0);
}

function cosine(one: readonly number[], other: readonly number[]): number {
  return inner(one, other) / Math.sqrt(inner(one, one) * inner(other, other));
}
