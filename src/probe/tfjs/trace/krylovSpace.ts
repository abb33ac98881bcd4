import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { freeMemory } from "../freeMemory.ts";
import { AsymmetricProductError } from "./asymmetricProductError.ts";

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
/** A start whose part outside the space is shorter than this says nothing that its float32 elements do not blur. */
const dependent = 1e-6;
/** Of random directions in a row, to find one outside the space. */
const mostAttempts = 16;
/** Relative to the largest product so far. Rounding of products in float32 is a thousandth of it at most. */
const asymmetry = 1e-2;

/**
 * How many basis vectors of that length fit into memory.
 *
 * @param free bytes that can still be allocated, of which at most half are taken.
 */
export function mostBasisVectors(dimension: number, free = freeMemory()): number {
  return Math.floor(Math.min(mostBasisBytes, free / 2) / (8 * dimension));
}

/** The part of a product that lies outside the space, and which basis vector it is a product with. */
interface Outside {
  readonly of: number;
  readonly vector: Float64Array;
}

/**
 * A growing space with an orthonormal basis, onto which a symmetric A is projected (Rayleigh and Ritz). From one start v it is
 * the space of v, A·v, A²·v, …: Lanczos's iteration with full reorthogonalization in float64 (Golub & Van Loan 2013, §10.3).
 * From several it holds them all, and then grows by the residual of the largest Ritz pair.
 */
export class KrylovSpace {
  readonly basis: Float64Array[] = [];
  readonly #product: (vector: Float64Array) => ArrayLike<number>;
  readonly #starts: readonly Float64Array[];
  readonly #randomDirection: () => Float64Array;
  /** Column k holds the products of A with basis vector k along basis vectors 0 to k. */
  readonly #projected: Float64Array[] = [];
  #outside: Outside[] = [];
  #scale = 0;
  #hasBrokenDown = false;

  /**
   * @param starts at least one, none zero.
   * @param randomDirection gives a new direction where the space is invariant.
   */
  constructor(
    product: (vector: Float64Array) => ArrayLike<number>,
    starts: readonly Float64Array[],
    randomDirection: () => Float64Array,
  ) {
    this.#product = product;
    this.#starts = starts;
    this.#randomDirection = randomDirection;
  }

  get products(): number {
    return this.basis.length;
  }

  /** Whether the space was invariant at some time, so that what it grew by was a random direction. */
  get hasBrokenDown(): boolean {
    return this.#hasBrokenDown;
  }

  /**
   * Adds one basis vector, by one product.
   *
   * @throws NonFiniteProductError
   * @throws AsymmetricProductError
   */
  extend(): void {
    const newest = this.#direction();
    this.basis.push(newest);
    const image = new Float64Array(this.#product(newest));
    const imageNorm = norm(image);
    if (!Number.isFinite(imageNorm)) throw new NonFiniteProductError();
    this.#scale = Math.max(this.#scale, imageNorm);
    const along = orthogonalize(image, this.basis);
    // "Twice is enough": one pass leaves a part along the basis when most of the vector was subtracted.
    if (norm(image) < 0.7 * imageNorm) addScaled(along, orthogonalize(image, this.basis), 1);
    this.#projected.push(along);
    for (const { of, vector } of this.#outside) {
      const back = dot(newest, vector);
      if (Math.abs(back - (along[of] ?? 0)) > asymmetry * this.#scale) throw new AsymmetricProductError();
      addScaled(vector, newest, -back);
    }
    this.#outside.push({ of: this.products - 1, vector: image });
    this.#outside = this.#outside.filter(({ vector }) => norm(vector) > breakdown * this.#scale);
  }

  ritzPairs(): RitzPairs {
    const order = this.products;
    const projected = Matrix.zeros(order, order);
    this.#projected.forEach((column, index) => {
      column.forEach((value, row) => {
        projected.set(row, index, value);
        projected.set(index, row, value);
      });
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
    return norm(this.#residualVector(coefficients));
  }

  /** The unit vector with these coefficients in the basis. */
  vector(coefficients: readonly number[]): Float64Array {
    const sum = new Float64Array(this.basis[0]?.length ?? 0);
    this.basis.forEach((vector, index) => {
      addScaled(sum, vector, coefficients[index] ?? 0);
    });
    return unit(sum);
  }

  #residualVector(coefficients: readonly number[]): Float64Array {
    const sum = new Float64Array(this.basis[0]?.length ?? 0);
    for (const { of, vector } of this.#outside) addScaled(sum, vector, coefficients[of] ?? 0);
    return sum;
  }

  #direction(): Float64Array {
    const start = this.#starts[this.products];
    if (start !== undefined) return independentOf(this.basis, start) ?? this.#freshDirection();
    const growth = this.#growth();
    const length = growth === undefined ? 0 : norm(growth);
    if (growth !== undefined && length > breakdown * this.#scale) {
      // Where little is left of a product, or several cancel, rounding along the basis is no longer small beside it.
      const direction = length > dependent * this.#scale ? unit(growth) : independentOf(this.basis, growth);
      if (direction !== undefined) return direction;
    }
    this.#hasBrokenDown = true;
    return this.#freshDirection();
  }

  /** A random unit vector orthogonal to the basis. */
  #freshDirection(): Float64Array {
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      // A space that was begun from the results of an earlier one may hold the very direction that comes first again.
      const direction = independentOf(this.basis, this.#randomDirection());
      if (direction !== undefined) return direction;
    }
    throw new Error("No direction is left outside the space.");
  }

  /** What the largest Ritz vector's product has outside the space; undefined where the space is invariant. */
  #growth(): Float64Array | undefined {
    const [only, ...others] = this.#outside;
    if (only === undefined || others.length === 0) return only?.vector;
    const { values, coefficients } = this.ritzPairs();
    return this.#residualVector(coefficients.getColumn(values.indexOf(Math.max(...values))));
  }
}

/** The unit vector of the part outside the space; undefined where that is next to nothing. */
function independentOf(basis: readonly Float64Array[], vector: Float64Array): Float64Array | undefined {
  const direction = unit(vector);
  orthogonalize(direction, basis);
  if (norm(direction) < dependent) return undefined;
  const independent = unit(direction);
  orthogonalize(independent, basis);
  return unit(independent);
}

/**
 * Subtracts the vector's parts along orthonormal directions, in place.
 *
 * @returns those parts.
 */
export function orthogonalize(vector: Float64Array, basis: readonly Float64Array[]): Float64Array {
  return Float64Array.from(basis, (direction) => {
    const part = dot(direction, vector);
    addScaled(vector, direction, -part);
    return part;
  });
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
