import { KrylovSpace, mostBasisVectors } from "./krylovSpace.ts";
import { RandomVectors } from "./randomVectors.ts";
import type { SymmetricOperator } from "./symmetricOperator.ts";

export interface SpectralQuadrature {
  /** Points on the eigenvalue axis, ascending. */
  readonly nodes: readonly number[];
  /** Share of the spectrum that each stands for; they sum to 1. */
  readonly weights: readonly number[];
  readonly products: number;
  /** Mean and mean square of the eigenvalues, with standard errors over the random directions. */
  readonly mean: number;
  readonly meanError: number;
  readonly meanSquare: number;
  readonly meanSquareError: number;
}

export interface QuadratureOptions {
  /** Random directions. */
  readonly directions: number;
  /** Products spent on each. */
  readonly products: number;
  readonly seed: number;
}

/**
 * Spectral density of a symmetric operator by stochastic Lanczos quadrature with full reorthogonalization (Ubaru, Chen and Saad
 * 2017; Ghorbani, Krishnan and Xiao 2019): for each random direction, Gauss quadrature of the spectrum as that direction sees
 * it. Any smooth function's mean over the eigenvalues is about Σ weight·f(node); exactly so, on the average over directions,
 * for polynomials up to degree 2·products − 1.
 *
 * @throws NonFiniteProductError
 */
export function spectralQuadrature(
  { dimension, product }: SymmetricOperator,
  { directions, products, seed }: QuadratureOptions,
): SpectralQuadrature {
  const random = new RandomVectors(dimension, seed);
  const most = Math.min(products, dimension, mostBasisVectors(dimension));
  const rules = Array.from({ length: directions }, () => {
    const space = new KrylovSpace(product, [random.normal()], () => random.normal());
    while (space.products < most) space.extend();
    const { values, coefficients } = space.ritzPairs();
    return values.map((node, index) => ({ node, weight: coefficients.get(0, index) ** 2 }));
  });
  const points = rules.flat().toSorted((a, b) => a.node - b.node);
  const moment = (power: number) =>
    points.reduce((sum, { node, weight }) => sum + (weight / directions) * node ** power, 0);
  const [mean, meanSquare, fourth] = [moment(1), moment(2), moment(4)];
  // The variance of vᵀBv is 2·Var(eigenvalues of B)/(n + 2) for a uniform unit v, and known better than from a few directions.
  const error = (variance: number) => Math.sqrt((2 * Math.max(0, variance)) / ((dimension + 2) * directions));
  return {
    nodes: points.map(({ node }) => node),
    weights: points.map(({ weight }) => weight / directions),
    products: most * directions,
    mean,
    meanError: error(meanSquare - mean ** 2),
    meanSquare,
    meanSquareError: error(fourth - meanSquare ** 2),
  };
}
