import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { WeightReader } from "../reference/networks.ts";
import { ScalarTape } from "../reference/scalarTape.ts";
import type { Architecture, ReferenceNetwork } from "./architecture.ts";

/** A network at some weights and on some examples, in float64. */
export interface Evaluated extends ReferenceNetwork {
  readonly tape: ScalarTape;
}

export function evaluate(
  architecture: Architecture,
  weights: ArrayLike<number>,
  examples: readonly number[],
): Evaluated {
  const tape = new ScalarTape();
  return { tape, ...architecture.reference(tape, new WeightReader(tape, weights), examples) };
}

export function gradientAt(architecture: Architecture, weights: ArrayLike<number>, examples: readonly number[]) {
  const { tape, loss } = evaluate(architecture, weights, examples);
  return tape.gradient(loss);
}

export function hessianAt(architecture: Architecture, weights: ArrayLike<number>, examples: readonly number[]) {
  const { tape, loss } = evaluate(architecture, weights, examples);
  return new Matrix(tape.hessian(loss).map((row) => Array.from(row)));
}

export interface Spectrum {
  /** Descending. */
  readonly values: readonly number[];
  /** Unit eigenvectors, in the same order. */
  readonly vectors: readonly (readonly number[])[];
}

/** Of a dense symmetric matrix. */
export function spectrumOf(matrix: Matrix): Spectrum {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
  const order = realEigenvalues.map((_, index) => index).toSorted((a, b) => valueAt(b) - valueAt(a));
  function valueAt(index: number): number {
    return realEigenvalues[index] ?? Number.NaN;
  }
  return { values: order.map(valueAt), vectors: order.map((index) => eigenvectorMatrix.getColumn(index)) };
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, each) => total + each, 0);
}

export function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

export function inner(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((total, each, index) => total + each * (b[index] ?? Number.NaN), 0);
}

export function product(matrix: Matrix, vector: ArrayLike<number>): number[] {
  return matrix.mmul(Matrix.columnVector(Array.from(vector))).to1DArray();
}
