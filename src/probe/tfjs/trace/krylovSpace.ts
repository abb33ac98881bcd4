import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { freeMemory } from "../freeMemory.ts";

/** A product with a NaN or an infinity: there is no eigenvalue to report. */
export class NonFiniteProductError extends Error {
  constructor() {
    super("A Hessian-vector product is not finite: the loss or its curvature overflows at these weights.");
    this.name = "NonFiniteProductError";
  }
}

/** Eigenpairs of the operator as the space shows it. */
export interface RitzPairs {
  readonly values: readonly number[];
  /** Column j holds the coefficients of the j-th Ritz vector in the basis. */
  readonly coefficients: Matrix;
  /** Largest value in absolute terms: the scale of rounding errors. */
  readonly scale: number;
}

/** Basis vectors are kept in float64; beyond this many bytes of them a space does not grow. */
const mostBasisBytes = 512 * 1024 * 1024;
/** Relative to the operator's scale: below it, the space is invariant for all that float64 can tell. */
const breakdown = 1e-13;

/**
 * How many basis vectors of that length fit into memory.
 *
 * @param free bytes that can still be allocated, of which at most half are taken.
 */
export function mostBasisVectors(dimension: number, free = freeMemory()): number {
  return Math.floor(Math.min(mostBasisBytes, free / 2) / (8 * dimension));
}

/**
 * The space of v, A·v, A²·v, … for a symmetric A, with an orthonormal basis in which A is tridiagonal: Lanczos's iteration with
 * full reorthogonalization in float64 (Golub & Van Loan 2013, §10.3).
 */
export class KrylovSpace {
  readonly basis: Float64Array[] = [];
  readonly #product: (vector: Float64Array) => ArrayLike<number>;
  readonly #randomDirection: () => Float64Array;
  readonly #diagonal: number[] = [];
  readonly #offDiagonal: number[] = [];
  #next: Float64Array;
  /** Norm of what the last product has outside the space. */
  #outside = 0;
  /** Of the last product, before it was made orthogonal. */
  #imageNorm = 0;

  /**
   * @param first not zero.
   * @param randomDirection gives a new direction where the space is invariant.
   */
  constructor(
    product: (vector: Float64Array) => ArrayLike<number>,
    first: Float64Array,
    randomDirection: () => Float64Array,
  ) {
    this.#product = product;
    this.#randomDirection = randomDirection;
    this.#next = unit(first);
  }

  get products(): number {
    return this.basis.length;
  }

  /**
   * Adds one basis vector, by one product.
   *
   * @throws NonFiniteProductError
   */
  extend(): void {
    this.basis.push(this.products === 0 ? this.#next : this.#continuation());
    const newest = this.basis.at(-1) ?? this.#next;
    const image = new Float64Array(this.#product(newest));
    this.#imageNorm = norm(image);
    if (!Number.isFinite(this.#imageNorm)) throw new NonFiniteProductError();
    this.#diagonal.push(dot(newest, image));
    orthogonalize(image, this.basis);
    this.#outside = norm(image);
    // "Twice is enough": one pass leaves a part along the basis when most of the vector was subtracted.
    if (this.#outside < 0.7 * this.#imageNorm) {
      orthogonalize(image, this.basis);
      this.#outside = norm(image);
    }
    this.#next = image;
  }

  ritzPairs(): RitzPairs {
    const order = this.products;
    const projected = Matrix.zeros(order, order);
    this.#diagonal.forEach((value, index) => projected.set(index, index, value));
    this.#offDiagonal.forEach((value, index) => {
      projected.set(index, index + 1, value);
      projected.set(index + 1, index, value);
    });
    const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(projected, { assumeSymmetric: true });
    return {
      values: realEigenvalues,
      coefficients: eigenvectorMatrix,
      scale: Math.max(...realEigenvalues.map(Math.abs)),
    };
  }

  /** Norm of A·y − θ·y for a Ritz pair (θ, y): some eigenvalue is no farther from θ. */
  residual(coefficients: readonly number[]): number {
    return this.#outside * Math.abs(coefficients.at(-1) ?? 0);
  }

  /** The unit vector with these coefficients in the basis. */
  vector(coefficients: readonly number[]): Float64Array {
    const sum = new Float64Array(this.basis[0]?.length ?? 0);
    this.basis.forEach((vector, index) => {
      addScaled(sum, vector, coefficients[index] ?? 0);
    });
    return unit(sum);
  }

  #continuation(): Float64Array {
    const largest = this.#diagonal.reduce((most, value) => Math.max(most, Math.abs(value)), this.#imageNorm);
    const isInvariant = this.#outside <= breakdown * largest;
    this.#offDiagonal.push(isInvariant ? 0 : this.#outside);
    return isInvariant ? freshDirection(this.#randomDirection, this.basis) : scaled(this.#next, 1 / this.#outside);
  }
}

/** A random unit vector orthogonal to the basis. */
function freshDirection(randomDirection: () => Float64Array, basis: readonly Float64Array[]): Float64Array {
  const direction = unit(randomDirection());
  orthogonalize(direction, basis);
  const fresh = unit(direction);
  orthogonalize(fresh, basis);
  return unit(fresh);
}

/** Subtracts the vector's parts along orthonormal directions, in place. */
export function orthogonalize(vector: Float64Array, basis: readonly Float64Array[]): void {
  for (const direction of basis) addScaled(vector, direction, -dot(direction, vector));
}

export function addScaled(target: Float64Array, vector: ArrayLike<number>, factor: number): void {
  for (let index = 0; index < target.length; index++) {
    target[index] = (target[index] ?? 0) + factor * (vector[index] ?? 0);
  }
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] ?? 0) * (b[index] ?? 0);
  return sum;
}

export function norm(vector: ArrayLike<number>): number {
  return Math.sqrt(dot(vector, vector));
}

function scaled(vector: Float64Array, factor: number): Float64Array {
  return vector.map((element) => element * factor);
}

export function unit(vector: Float64Array): Float64Array {
  return scaled(vector, 1 / norm(vector));
}
