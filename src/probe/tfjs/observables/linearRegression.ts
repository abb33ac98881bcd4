import { EigenvalueDecomposition, Matrix, SingularValueDecomposition } from "ml-matrix";
import { gramOfRows } from "./symmetric.ts";

/** Examples, a row each. */
export interface Regression {
  /** [examples, inputs], flat */
  readonly inputs: ArrayLike<number>;
  /** [examples, outputs], flat */
  readonly targets: ArrayLike<number>;
  readonly examples: number;
  /** Whether means are fitted apart: all is about what is left of inputs and targets without them. */
  readonly isBiased: boolean;
}

/** A pair of singular vectors of the correlation E[xᵀy] of inputs and targets, v of the inputs and q of the outputs. */
export interface LinearMode {
  /** s, the singular value. */
  readonly signal: number;
  /** λ = E[(x·v)²] */
  readonly variance: number;
  /** ‖E[xᵀx]·v − λv‖/λ, together with E[x]·v/√λ where means are fitted apart: 0 where the mode learns by itself. */
  readonly coupling: number;
  readonly input: Float64Array;
  readonly output: Float64Array;
}

/** A direction of the fitted values: of the root of the inputs' covariance times the least-squares map. */
interface FittedDirection {
  /** σ, the singular value: root mean square of the fitted values along it. */
  readonly size: number;
  /** pᵀ·E[xᵀx]·p of its unit vector p among the inputs. */
  readonly variance: number;
}

/** What linear maps can make of a data set. */
export interface LinearFit {
  /** Strongest first. */
  readonly modes: readonly LinearMode[];
  readonly directions: readonly FittedDirection[];
  /** ½E‖y − x·W‖² of the best map. */
  readonly leastError: number;
  /** ½E‖y‖² */
  readonly emptyError: number;
}

/** Eigenvalues of the inputs' covariance below this share of the largest are rounding. */
const rounding = 1e-9;

/** Of signals and directions, relative to the first. */
const smallest = 1e-6;

/** In float64, from E[xᵀx], E[xᵀy] and their decompositions. */
export function linearFit({ inputs, targets, examples, isBiased }: Regression): LinearFit {
  const [x, y] = [columnsOf(inputs, examples), columnsOf(targets, examples)];
  const emptyError = y.reduce((sum, column) => sum + halfMeanSquare(column), 0);
  const means = x.map(meanOf);
  if (isBiased) for (const column of [...x, ...y]) centre(column);
  const covariance = gramOfRows({ values: flattened(x), rows: x.length, columns: examples }).mul(1 / examples);
  const correlation = new Matrix(x.map((one) => y.map((other) => meanProduct(one, other))));
  const modes = modesOf(covariance, correlation, isBiased ? means : undefined);
  const directions = directionsOf(covariance, correlation);
  const spread = y.reduce((sum, column) => sum + halfMeanSquare(column), 0);
  const fitted = directions.reduce((sum, { size }) => sum + size ** 2 / 2, 0);
  return { modes, directions, leastError: Math.max(0, spread - fitted), emptyError };
}

function modesOf(covariance: Matrix, correlation: Matrix, means: readonly number[] | undefined): LinearMode[] {
  const { diagonal, leftSingularVectors, rightSingularVectors } = decomposed(correlation);
  return diagonal.flatMap((signal, index) => {
    const v = leftSingularVectors.getColumn(index);
    const pulled = covariance.mmul(Matrix.columnVector(v)).to1DArray();
    const variance = pulled.reduce((sum, each, row) => sum + each * (v[row] ?? 0), 0);
    if (!(signal > smallest * (diagonal[0] ?? 0)) || !(variance > 0)) return [];
    const aside = Math.hypot(...pulled.map((each, row) => each - variance * (v[row] ?? 0))) / variance;
    const mean = (means ?? []).reduce((sum, each, row) => sum + each * (v[row] ?? 0), 0) / Math.sqrt(variance);
    const [input, output] = [Float64Array.from(v), Float64Array.from(rightSingularVectors.getColumn(index))];
    return [{ signal, variance, coupling: Math.hypot(aside, mean), input, output }];
  });
}

function directionsOf(covariance: Matrix, correlation: Matrix): FittedDirection[] {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(covariance, { assumeSymmetric: true });
  const least = rounding * Math.max(...realEigenvalues);
  const roots = realEigenvalues.map((each) => (each > least ? 1 / Math.sqrt(each) : 0));
  // In the eigenbasis of the covariance: C^(−½)·E[xᵀy] = C^½·W of the least-squares W.
  const turned = eigenvectorMatrix.transpose().mmul(correlation);
  const fitted = new Matrix(turned.to2DArray().map((row, index) => row.map((each) => each * (roots[index] ?? 0))));
  const { diagonal, leftSingularVectors } = decomposed(fitted);
  return diagonal.flatMap((size, index) => {
    if (!(size > smallest * (diagonal[0] ?? 0))) return [];
    const variance = leftSingularVectors
      .getColumn(index)
      .reduce((sum, each, row) => sum + each ** 2 * (realEigenvalues[row] ?? 0), 0);
    return [{ size, variance }];
  });
}

function decomposed(matrix: Matrix) {
  const { diagonal, leftSingularVectors, rightSingularVectors } = new SingularValueDecomposition(matrix, {
    autoTranspose: true,
  });
  return { diagonal, leftSingularVectors, rightSingularVectors };
}

function columnsOf(rows: ArrayLike<number>, examples: number): Float64Array[] {
  const width = rows.length / examples;
  return Array.from({ length: width }, (_, column) =>
    Float64Array.from({ length: examples }, (__, example) => rows[example * width + column] ?? 0),
  );
}

function flattened(columns: readonly Float64Array[]): Float64Array {
  const [first] = columns;
  const length = first?.length ?? 0;
  const flat = new Float64Array(columns.length * length);
  columns.forEach((column, index) => {
    flat.set(column, index * length);
  });
  return flat;
}

function meanOf(column: Float64Array): number {
  return column.reduce((sum, each) => sum + each, 0) / column.length;
}

function centre(column: Float64Array): void {
  const mean = meanOf(column);
  for (let index = 0; index < column.length; index++) column[index] = (column[index] ?? 0) - mean;
}

function meanProduct(one: Float64Array, other: Float64Array): number {
  return one.reduce((sum, each, index) => sum + each * (other[index] ?? 0), 0) / one.length;
}

function halfMeanSquare(column: Float64Array): number {
  return meanProduct(column, column) / 2;
}
