import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { gaussianValues } from "./randomMatrix.ts";

/** Cosines, in the Frobenius inner product, between the feature matrix W·Wᵀ and powers of the averaged gradient outer product. */
export interface FeatureAlignment {
  /** With its square root. */
  readonly root: number;
  /** With itself. */
  readonly linear: number;
}

/**
 * The neural feature ansatz W·Wᵀ ∝ AGOPˢ for s = ½ and 1 (Radhakrishnan et al. 2024, eq. 1, where W is the transpose), with
 * AGOP = W·G·Wᵀ the mean over examples of the outer products of the outputs' gradients by the layer's input. Undefined where either is zero.
 *
 * @param weights W, [inputs, units].
 * @param outerProducts G, [units, units]: the mean of those by the layer's product h·W.
 */
export function featureAlignment(weights: Matrix, outerProducts: Matrix): FeatureAlignment | undefined {
  const { features, gradients } = reduced(weights, outerProducts);
  const root = squareRoot(gradients);
  const alignment = { root: cosine(features, root), linear: cosine(features, gradients) };
  return Number.isFinite(alignment.root) && Number.isFinite(alignment.linear) ? alignment : undefined;
}

/**
 * The mean of the same over random weights in place of W, with independent normal entries: they stand on both sides, so that the
 * cosines are far from zero without any learning.
 */
export function featureAlignmentNull(weights: Matrix, outerProducts: Matrix): FeatureAlignment | undefined {
  const { rows, columns } = weights;
  // A large matrix' cosine hardly varies.
  const draws = Math.min(rows, columns) <= 64 ? 6 : 2;
  const all = Array.from({ length: draws }, (_, draw) =>
    featureAlignment(randomWeights(rows, columns, draw + 1), outerProducts),
  ).filter((each) => each !== undefined);
  if (all.length < draws) return undefined;
  const mean = (power: keyof FeatureAlignment) => all.reduce((sum, each) => sum + each[power], 0) / draws;
  return { root: mean("root"), linear: mean("linear") };
}

/** Independent standard normal entries. */
export function randomWeights(rows: number, columns: number, seed: number): Matrix {
  return Matrix.from1DArray(rows, columns, gaussianValues(rows * columns, seed));
}

/** W·Wᵀ and W·G·Wᵀ in a basis of the space that both act in, which is that of the smaller side of W. */
function reduced(weights: Matrix, outerProducts: Matrix): { readonly features: Matrix; readonly gradients: Matrix } {
  if (weights.rows <= weights.columns) {
    const transposed = weights.transpose();
    return {
      features: weights.mmul(transposed),
      gradients: symmetrized(weights.mmul(outerProducts).mmul(transposed)),
    };
  }
  // With WᵀW = V·Λ·Vᵀ, W's left singular vectors are W·V·Λ^(−1/2).
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(weights.transpose().mmul(weights), {
    assumeSymmetric: true,
  });
  const values = realEigenvalues.map((value) => Math.max(0, value));
  const scaled = eigenvectorMatrix.mmul(Matrix.diag(values.map(Math.sqrt)));
  return {
    features: Matrix.diag(values),
    gradients: symmetrized(scaled.transpose().mmul(outerProducts).mmul(scaled)),
  };
}

function symmetrized(matrix: Matrix): Matrix {
  return Matrix.add(matrix, matrix.transpose()).mul(0.5);
}

function squareRoot(matrix: Matrix): Matrix {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
  const roots = realEigenvalues.map((value) => Math.sqrt(Math.max(0, value)));
  return eigenvectorMatrix.mmul(Matrix.diag(roots)).mmul(eigenvectorMatrix.transpose());
}

function cosine(a: Matrix, b: Matrix): number {
  return Matrix.mul(a, b).sum() / (a.norm("frobenius") * b.norm("frobenius"));
}
