/** Eigenpairs, traces and densities from products alone, against dense decompositions by ml-matrix and closed forms. */
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { expect, test } from "vitest";
import { hutchPlusPlus } from "../../src/probe/tfjs/trace/hutchPlusPlus.ts";
import { NonFiniteProductError } from "../../src/probe/tfjs/trace/krylovSpace.ts";
import { spectralQuadrature } from "../../src/probe/tfjs/trace/spectralQuadrature.ts";
import { topEigenpairs } from "../../src/probe/tfjs/trace/topEigenpairs.ts";
import { gaussians } from "./tinyNetwork.ts";

/** A symmetric matrix of Gaussian numbers with a few large eigenvalues, as Hessians have them. */
function spikedMatrix(order: number, spikes: readonly number[], seed: number): Matrix {
  const next = gaussians(seed);
  const noise = new Matrix(Array.from({ length: order }, () => Array.from({ length: order }, next)));
  const matrix = Matrix.add(noise, noise.transpose()).mul(1 / Math.sqrt(8 * order));
  for (const spike of spikes) {
    const column = Matrix.columnVector(Array.from({ length: order }, next));
    matrix.add(column.mmul(column.transpose()).mul(spike / column.norm("frobenius") ** 2));
  }
  return matrix;
}

const operatorOf = (matrix: Matrix) => ({
  dimension: matrix.rows,
  product: (vector: Float64Array) => matrix.mmul(Matrix.columnVector(vector)).to1DArray(),
});

const diagonal = (values: readonly number[]) => ({
  dimension: values.length,
  product: (vector: Float64Array) => vector.map((element, index) => element * (values[index] ?? 0)),
});

test("the ten largest eigenvalues and their eigenvectors are the dense ones", () => {
  const matrix = spikedMatrix(200, [9, 7, 6.5, 5, 4, 3.5, 3], 1);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
  const order = realEigenvalues
    .map((_, index) => index)
    .toSorted((a, b) => (realEigenvalues[b] ?? 0) - (realEigenvalues[a] ?? 0));
  const top = topEigenpairs(operatorOf(matrix), { count: 10, tolerance: 1e-6, seed: 1, mostProducts: 120 });
  expect(top.values).toHaveLength(10);
  top.values.forEach((value, place) => {
    const index = order[place] ?? -1;
    const distance = Math.abs(value - (realEigenvalues[index] ?? Number.NaN));
    // Asked for 1e-6 of the scale, with six quiet products to spare; the residual bounds it besides.
    expect(distance).toBeLessThan(1e-5);
    expect(distance).toBeLessThanOrEqual((top.residuals[place] ?? 0) + 1e-12);
    // The spikes lie apart; within the bulk eigenvectors are only as good as its gaps.
    const cosine = eigenvectorMatrix
      .getColumn(index)
      .reduce((sum, element, row) => sum + element * (top.vectors[place]?.[row] ?? 0), 0);
    if (place < 7) expect(Math.abs(cosine)).toBeGreaterThan(1 - 1e-6);
  });
});

test("of an operator of fewer dimensions than eigenpairs asked for, all are found", () => {
  const top = topEigenpairs(diagonal([1, -2, 5, 5]), { count: 20, tolerance: 1e-6, seed: 3, mostProducts: 120 });
  top.values.forEach((value, index) => {
    expect(value).toBeCloseTo([5, 5, 1, -2][index] ?? Number.NaN, 10);
  });
  expect(top.values).toHaveLength(4);
});

test("Hutch++ is unbiased, and its standard error says how far it strays", () => {
  const matrix = spikedMatrix(120, [30, 20, 10], 2);
  const exact = matrix.trace();
  const estimates = Array.from({ length: 200 }, (_, seed) => hutchPlusPlus(operatorOf(matrix), 24, seed));
  const mean = estimates.reduce((sum, { value }) => sum + value, 0) / 200;
  const spread = Math.sqrt(estimates.reduce((sum, { value }) => sum + (value - mean) ** 2, 0) / 199);
  // Four standard errors of the mean of 200.
  expect(Math.abs(mean - exact)).toBeLessThan((4 * spread) / Math.sqrt(200));
  const stated = Math.sqrt(estimates.reduce((sum, { standardError }) => sum + standardError ** 2, 0) / 200);
  // A standard deviation from 200 is known to 5 %; the stated one leaves out what varies with the sketch.
  expect(stated / spread).toBeGreaterThan(0.8);
  expect(stated / spread).toBeLessThan(1.25);
  // Plain Hutchinson with as many products would stray by √(2‖A‖²/24), mostly for the spikes' sake.
  expect(spread).toBeLessThan(0.5 * Math.sqrt((2 * matrix.norm("frobenius") ** 2) / 24));
});

test("the trace of an operator of few dimensions, or of few that matter, is exact", () => {
  expect(hutchPlusPlus(diagonal([1, 2, 4]), 6, 1)).toEqual({ value: 7, standardError: 0, products: 3 });
  const flat = hutchPlusPlus(diagonal([3, 2, ...new Array<number>(50).fill(0)]), 12, 1);
  // The sketch holds both dimensions; float64 in what is left.
  expect(flat.value).toBeCloseTo(5, 9);
  expect(flat.standardError).toBeLessThan(1e-9);
});

test("quadrature over random directions has the moments and the cumulative density of the dense spectrum", () => {
  const matrix = spikedMatrix(150, [8, 6], 3);
  const eigenvalues = new EigenvalueDecomposition(matrix, { assumeSymmetric: true }).realEigenvalues;
  const { nodes, weights, ...rest } = spectralQuadrature(operatorOf(matrix), { directions: 40, products: 30, seed: 1 });
  expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 10);
  const mean = matrix.trace() / 150;
  const meanSquare = matrix.norm("frobenius") ** 2 / 150;
  // Four standard errors.
  expect(Math.abs(rest.mean - mean)).toBeLessThan(4 * rest.meanError);
  expect(Math.abs(rest.meanSquare - meanSquare)).toBeLessThan(4 * rest.meanSquareError);
  for (const point of [-0.7, -0.3, 0, 0.4, 2, 7]) {
    const exact = eigenvalues.filter((value) => value <= point).length / 150;
    const found = weights.reduce((sum, weight, index) => sum + ((nodes[index] ?? 0) <= point ? weight : 0), 0);
    // One node of 30 may lie on either side, and 40 directions of 150 dimensions leave 1/√(40·75) = 2 %.
    expect(Math.abs(found - exact)).toBeLessThan(1 / 30 + 0.04);
  }
});

test("the bulk of a symmetric Gaussian matrix is Wigner's semicircle", () => {
  const matrix = spikedMatrix(300, [], 4);
  const { nodes, weights } = spectralQuadrature(operatorOf(matrix), { directions: 10, products: 40, seed: 2 });
  // Elements of variance 2/(8n) have the radius √(4·n·2/(8n)) = 1; quadrature nodes lie inside, up to the edge's fluctuation n^(−2/3).
  expect(Math.max(...nodes)).toBeLessThan(1 + 2 * 300 ** (-2 / 3));
  expect(Math.max(...nodes)).toBeGreaterThan(0.95);
  const moment = (power: number) => nodes.reduce((sum, node, index) => sum + (weights[index] ?? 0) * node ** power, 0);
  // Moments 1/4 and 1/8 of the semicircle, to 1/√(10·150) of the directions twice over.
  expect(moment(2)).toBeCloseTo(1 / 4, 1);
  expect(Math.abs(moment(4) - 1 / 8)).toBeLessThan(0.02);
});

test("a product that overflows is an error, not a number", () => {
  const broken = { dimension: 30, product: (vector: Float64Array) => vector.map(() => Number.NaN) };
  expect(() => topEigenpairs(broken, { count: 2, tolerance: 1e-3, seed: 1, mostProducts: 9 })).toThrow(
    NonFiniteProductError,
  );
  expect(() => hutchPlusPlus(broken, 9, 1)).toThrow(NonFiniteProductError);
  expect(() => spectralQuadrature(broken, { directions: 2, products: 5, seed: 1 })).toThrow(NonFiniteProductError);
});
