import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

export interface LanczosOptions {
  /** Order n of the operator. */
  readonly dimension: number;
  /** A·v for a symmetric A. */
  readonly product: (vector: Float64Array) => ArrayLike<number>;
  /** Relative accuracy asked of the eigenvalue. */
  readonly tolerance: number;
  /** Seeds the random directions: equal seeds give equal results. */
  readonly seed: number;
  /** A direction near the eigenvector looked for, as from an earlier measurement. */
  readonly start?: ArrayLike<number> | undefined;
  /** Norm of the random direction that is added to a unit start, so that an eigenvector orthogonal to it is not missed. */
  readonly startMix?: number;
  readonly mostProducts?: number;
}

export interface LanczosResult {
  /** Largest algebraic eigenvalue. */
  readonly value: number;
  /** Its unit eigenvector. */
  readonly vector: Float64Array;
  /** Bound on the distance from `value` to the nearest eigenvalue, in exact arithmetic. */
  readonly residual: number;
  /** Largest eigenvalue of the projected operator in absolute value: the scale of rounding errors. */
  readonly scale: number;
  readonly products: number;
  /** Whether the stopping rule was met within `mostProducts`. */
  readonly converged: boolean;
}

/** A product with a NaN or an infinity: there is no eigenvalue to report. */
export class NonFiniteProductError extends Error {
  constructor() {
    super("A Hessian-vector product is not finite: the loss or its curvature overflows at these weights.");
    this.name = "NonFiniteProductError";
  }
}

const fewestProducts = 4;
/** Products over which the eigenvalue must have stood still, from a direction known to be near. */
const quietProducts = 3;
/**
 * The same from a random direction. Measured at the edge of stability, where the Ritz value rests on a neighbour before it
 * climbs to the top: after three quiet products it was off by up to twelve times the tolerance.
 */
const quietColdProducts = 6;
const defaultMostProducts = 80;
const defaultStartMix = 0.1;
/** Basis vectors are kept in float64; beyond this many bytes of them the iteration stops, not converged. */
const mostBasisBytes = 512 * 1024 * 1024;
/** Relative to the operator's scale: below it, the Krylov space is invariant for all that float64 can tell. */
const breakdown = 1e-13;

/**
 * Largest algebraic eigenvalue of a symmetric operator, by Lanczos's iteration with full reorthogonalization in float64
 * (Golub & Van Loan 2013, §10.3).
 *
 * Stops when the Ritz value has moved by less than a quarter of the tolerance over three products, after four at least (over
 * six from a random start). The residual alone would stop too early at the edge of stability: eigenvalues cluster there, and a
 * mixture of their eigenvectors has a small residual. No stopping rule is proof: the worst of 400
 * measurements from random starts was off by 1.8 times the tolerance.
 *
 * @throws NonFiniteProductError
 */
export function largestEigenvalue(options: LanczosOptions): LanczosResult {
  const { dimension, product, tolerance, seed, start, startMix = defaultStartMix } = options;
  if (dimension < 1) throw new Error("There is no eigenvalue of an operator on no dimensions.");
  const mostProducts = Math.min(
    dimension,
    options.mostProducts ?? defaultMostProducts,
    Math.max(fewestProducts, Math.floor(mostBasisBytes / (8 * dimension))),
  );
  const random = xoroshiro128plus(seed);
  const randomDirection = () => new Float64Array(dimension).map(() => 2 * uniformFloat64(random) - 1);

  const basis: Float64Array[] = [];
  const diagonal: number[] = [];
  const offDiagonal: number[] = [];
  const ritzValues: number[] = [];
  let next = firstDirection(start, startMix, randomDirection);
  for (;;) {
    basis.push(next);
    const image = new Float64Array(product(next));
    const before = norm(image);
    if (!Number.isFinite(before)) throw new NonFiniteProductError();
    diagonal.push(dot(next, image));
    orthogonalize(image, basis);
    let beta = norm(image);
    // "Twice is enough": one pass leaves a part along the basis when most of the vector was subtracted.
    if (beta < 0.7 * before) {
      orthogonalize(image, basis);
      beta = norm(image);
    }

    const ritz = largestRitzPair(diagonal, offDiagonal);
    ritzValues.push(ritz.value);
    const residual = beta * Math.abs(ritz.coefficients.at(-1) ?? 0);
    const products = basis.length;
    const whole = products === dimension;
    const quiet = stoodStill(ritzValues, start === undefined ? quietColdProducts : quietProducts, tolerance / 4);
    if (whole || quiet || products >= mostProducts) {
      return {
        value: ritz.value,
        vector: combine(basis, ritz.coefficients),
        residual: whole ? 0 : residual,
        scale: ritz.scale,
        products,
        converged: whole || quiet,
      };
    }
    const invariant = beta <= breakdown * Math.max(ritz.scale, before);
    next = invariant ? freshDirection(randomDirection, basis) : scaled(image, 1 / beta);
    offDiagonal.push(invariant ? 0 : beta);
  }
}

function firstDirection(
  start: ArrayLike<number> | undefined,
  startMix: number,
  randomDirection: () => Float64Array,
): Float64Array {
  const random = unit(randomDirection());
  if (start === undefined) return random;
  if (start.length !== random.length) {
    throw new Error(`The start vector has ${start.length} elements, but the operator ${random.length} dimensions.`);
  }
  const given = new Float64Array(start);
  const length = norm(given);
  if (!Number.isFinite(length) || length === 0) return random;
  return unit(given.map((element, index) => element / length + startMix * (random[index] ?? 0)));
}

/** A random unit vector orthogonal to the basis. */
function freshDirection(randomDirection: () => Float64Array, basis: readonly Float64Array[]): Float64Array {
  const direction = unit(randomDirection());
  orthogonalize(direction, basis);
  const fresh = unit(direction);
  orthogonalize(fresh, basis);
  return unit(fresh);
}

function stoodStill(ritzValues: readonly number[], products: number, tolerance: number): boolean {
  if (ritzValues.length < Math.max(fewestProducts, products + 1)) return false;
  const now = ritzValues.at(-1) ?? 0;
  const then = ritzValues.at(-1 - products) ?? Number.NEGATIVE_INFINITY;
  return Math.abs(now - then) <= tolerance * Math.abs(now);
}

interface RitzPair {
  readonly value: number;
  readonly coefficients: readonly number[];
  readonly scale: number;
}

/** Largest eigenpair of the symmetric tridiagonal matrix. */
function largestRitzPair(diagonal: readonly number[], offDiagonal: readonly number[]): RitzPair {
  const order = diagonal.length;
  const projected = Matrix.zeros(order, order);
  diagonal.forEach((value, index) => projected.set(index, index, value));
  offDiagonal.forEach((value, index) => {
    projected.set(index, index + 1, value);
    projected.set(index + 1, index, value);
  });
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(projected, { assumeSymmetric: true });
  const value = Math.max(...realEigenvalues);
  return {
    value,
    coefficients: eigenvectorMatrix.getColumn(realEigenvalues.indexOf(value)),
    scale: Math.max(...realEigenvalues.map(Math.abs)),
  };
}

function combine(basis: readonly Float64Array[], coefficients: readonly number[]): Float64Array {
  const sum = new Float64Array(basis[0]?.length ?? 0);
  basis.forEach((vector, index) => {
    addScaled(sum, vector, coefficients[index] ?? 0);
  });
  return unit(sum);
}

function orthogonalize(vector: Float64Array, basis: readonly Float64Array[]): void {
  for (const direction of basis) addScaled(vector, direction, -dot(direction, vector));
}

function addScaled(target: Float64Array, vector: Float64Array, factor: number): void {
  for (let index = 0; index < target.length; index++) {
    target[index] = (target[index] ?? 0) + factor * (vector[index] ?? 0);
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] ?? 0) * (b[index] ?? 0);
  return sum;
}

function norm(vector: Float64Array): number {
  return Math.sqrt(dot(vector, vector));
}

function scaled(vector: Float64Array, factor: number): Float64Array {
  return vector.map((element) => element * factor);
}

function unit(vector: Float64Array): Float64Array {
  return scaled(vector, 1 / norm(vector));
}
