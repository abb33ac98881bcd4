import { KrylovSpace, mostBasisVectors, type RitzPairs } from "./krylovSpace.ts";
import { RandomVectors } from "./randomVectors.ts";
import type { SymmetricOperator } from "./symmetricOperator.ts";

export interface TopEigenpairsOptions {
  /** Eigenpairs wanted. */
  readonly count: number;
  /** Accuracy asked of the eigenvalues, and largest residual, relative to the operator's scale. */
  readonly tolerance: number;
  readonly seed: number;
  readonly mostProducts: number;
}

export interface TopEigenpairs {
  /** The largest algebraic eigenvalues, largest first: of those asked for, the leading ones that were found as exactly as asked. */
  readonly values: readonly number[];
  /** Their unit eigenvectors. */
  readonly vectors: readonly Float64Array[];
  /** Norms of A·v − λ·v: some eigenvalue is no farther from each value, in exact arithmetic. */
  readonly residuals: readonly number[];
  /** The next smaller value, as far as it was found; minus infinity where there is none. */
  readonly next: number;
  /** Largest eigenvalue in absolute terms. */
  readonly scale: number;
  readonly products: number;
}

/** Products over which a value must have stood still: from a random start one may rest on a neighbour for a while. */
const quietProducts = 6;

/**
 * The largest algebraic eigenvalues of a symmetric operator and their eigenvectors, by Lanczos's iteration with full
 * reorthogonalization. No stopping rule is proof: among the last, where neighbours are close, one may be missing. Always from a random
 * direction: one made of earlier eigenvectors hardly shows those that have come up among the largest since, and passes them over.
 *
 * @throws NonFiniteProductError
 */
export function topEigenpairs(operator: SymmetricOperator, options: TopEigenpairsOptions): TopEigenpairs {
  const { dimension, product } = operator;
  const { tolerance, seed } = options;
  const count = Math.min(options.count, dimension);
  const mostProducts = Math.min(dimension, options.mostProducts, mostBasisVectors(dimension));
  const random = new RandomVectors(dimension, seed);
  const randomDirection = () => random.uniform();
  const space = new KrylovSpace(product, [randomDirection()], randomDirection);
  const history: (readonly number[])[] = [];
  for (;;) {
    space.extend();
    const { products } = space;
    const whole = products === dimension;
    if (products < count && !whole && products < mostProducts) continue;
    const pairs = space.ritzPairs();
    const order = descending(pairs);
    const top = order.slice(0, count);
    const values = top.map((index) => pairs.values[index] ?? Number.NaN);
    history.push(values);
    const columns = top.map((index) => pairs.coefficients.getColumn(index));
    const residuals = columns.map((column) => (whole ? 0 : space.residual(column)));
    const isFound = (place: number) =>
      whole ||
      // A mixture of neighbours may stand still for long, but not solve the equation.
      ((residuals[place] ?? Number.NaN) <= tolerance * pairs.scale &&
        stoodStill(history, place, tolerance * pairs.scale));
    const missing = values.findIndex((_, place) => !isFound(place));
    if (missing < 0 || products >= mostProducts) {
      const found = missing < 0 ? count : missing;
      return {
        values: values.slice(0, found),
        vectors: columns.slice(0, found).map((column) => space.vector(column)),
        residuals: residuals.slice(0, found),
        next: pairs.values[order[found] ?? -1] ?? Number.NEGATIVE_INFINITY,
        scale: pairs.scale,
        products,
      };
    }
  }
}

function descending({ values }: RitzPairs): number[] {
  return values.map((_, index) => index).toSorted((a, b) => (values[b] ?? 0) - (values[a] ?? 0));
}

function stoodStill(history: readonly (readonly number[])[], place: number, tolerance: number): boolean {
  const now = history.at(-1)?.[place] ?? Number.NaN;
  const then = history.at(-1 - quietProducts)?.[place] ?? Number.NaN;
  return Math.abs(now - then) <= tolerance;
}
