import { KrylovSpace, mostBasisVectors, norm, unit } from "./krylovSpace.ts";
import { RandomVectors } from "./randomVectors.ts";

export interface LanczosOptions {
  /** Order n of the operator. */
  readonly dimension: number;
  /** A·v for a symmetric A. */
  readonly product: (vector: Float64Array) => ArrayLike<number>;
  /** Relative accuracy asked of the eigenvalue. */
  readonly tolerance: number;
  /** Seeds the random directions: equal seeds give equal results. */
  readonly seed: number;
  /** Directions near the eigenvectors of the largest eigenvalues, as `nextStarts` of an earlier measurement. */
  readonly starts?: readonly ArrayLike<number>[] | undefined;
  readonly mostProducts?: number;
}

export interface LanczosResult {
  /** Largest algebraic eigenvalue. */
  readonly value: number;
  /** Its unit eigenvector. */
  readonly vector: Float64Array;
  /** The eigenvector, and the next one as far as it was found. */
  readonly nextStarts: readonly Float64Array[];
  /** Bound on the distance from `value` to the nearest eigenvalue, in exact arithmetic. */
  readonly residual: number;
  /** Largest eigenvalue of the projected operator in absolute value: the scale of rounding errors. */
  readonly scale: number;
  readonly products: number;
  /** Whether the stopping rule was met within `mostProducts`. */
  readonly converged: boolean;
}

const fewestProducts = 4;
/** Products over which the eigenvalue must have stood still, from directions known to be near. */
const quietProducts = 2;
/**
 * The same from a random direction. Measured at the edge of stability, where the Ritz value rests on a neighbour before it
 * climbs to the top: after three quiet products it was off by up to twelve times the tolerance.
 */
const quietColdProducts = 6;
const defaultMostProducts = 80;

/**
 * Largest algebraic eigenvalue of a symmetric operator, by Lanczos's iteration with full reorthogonalization in float64
 * (Golub & Van Loan 2013, §10.3), or, from several starts, by Rayleigh and Ritz in a space that grows by the largest Ritz
 * pair's residual.
 *
 * Stops when the Ritz value has moved by less than a quarter of the tolerance over two products, after four at least (over six
 * from a random start). The residual alone would stop too early at the edge of stability: eigenvalues cluster there, and a
 * mixture of their eigenvectors has a small residual. Two starts, because there the two largest eigenvalues change places from
 * step to step. No stopping rule is proof: the worst of 400 measurements from random starts was off by 1.8 times the tolerance;
 * of 240 in `bench/convergedSharpness.ts`, followed from two starts at the edge, none by more than a twentieth of it.
 *
 * @throws NonFiniteProductError
 */
export function largestEigenvalue(options: LanczosOptions): LanczosResult {
  const { dimension, product, tolerance, seed } = options;
  if (dimension < 1) throw new Error("There is no eigenvalue of an operator on no dimensions.");
  const mostProducts = Math.min(
    dimension,
    options.mostProducts ?? defaultMostProducts,
    Math.max(fewestProducts, mostBasisVectors(dimension)),
  );
  const random = new RandomVectors(dimension, seed);
  const randomDirection = () => random.uniform();
  const warm = (options.starts ?? []).flatMap((start) => usable(start, dimension));
  const space = new KrylovSpace(product, warm.length > 0 ? warm : [randomDirection()], randomDirection);
  const ritzValues: number[] = [];
  for (;;) {
    space.extend();
    const { values, coefficients, scale } = space.ritzPairs();
    const order = values.map((_, index) => index).toSorted((a, b) => (values[b] ?? 0) - (values[a] ?? 0));
    const [largest = 0] = order;
    const value = values[largest] ?? Number.NaN;
    const column = coefficients.getColumn(largest);
    ritzValues.push(value);
    const { products } = space;
    const whole = products === dimension;
    // Where exact eigenvectors were the starts, nothing has been seen of the rest but from a random direction.
    const isCold = warm.length === 0 || space.hasBrokenDown;
    const quiet = stoodStill(ritzValues, isCold ? quietColdProducts : quietProducts, tolerance / 4);
    if (whole || quiet || products >= mostProducts) {
      return {
        value,
        vector: space.vector(column),
        nextStarts: order.slice(0, 2).map((index) => space.vector(coefficients.getColumn(index))),
        residual: whole ? 0 : space.residual(column),
        scale,
        products,
        converged: whole || quiet,
      };
    }
  }
}

/** The unit vector along a start; none where it is zero or not finite. */
function usable(start: ArrayLike<number>, dimension: number): Float64Array[] {
  if (start.length !== dimension) {
    throw new Error(`The start vector has ${start.length} elements, but the operator ${dimension} dimensions.`);
  }
  const given = new Float64Array(start);
  const length = norm(given);
  return Number.isFinite(length) && length > 0 ? [unit(given)] : [];
}

function stoodStill(ritzValues: readonly number[], products: number, tolerance: number): boolean {
  if (ritzValues.length < Math.max(fewestProducts, products + 1)) return false;
  const now = ritzValues.at(-1) ?? 0;
  const then = ritzValues.at(-1 - products) ?? Number.NEGATIVE_INFINITY;
  return Math.abs(now - then) <= tolerance * Math.abs(now);
}
