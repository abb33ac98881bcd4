import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { gaussians, tinyNetwork } from "../tinyNetwork.ts";

export const examples = 60;

/** A loss as a function of weights. */
export interface Landscape {
  readonly loss: (weights: Float64Array) => number;
  readonly gradient: (weights: Float64Array) => Float64Array;
}

export interface EdgeNetwork {
  /** On all examples. */
  readonly whole: Landscape;
  /** On some of them, by their indices. */
  readonly of: (batch: readonly number[]) => Landscape;
  readonly initial: () => Float64Array;
}

/** A tanh network of 703 weights that learns sin(2a·x) for three directions a on 60 Gaussian points, with ½ of the summed squares, averaged over examples, for its loss. */
export function edgeNetwork(seed: number): EdgeNetwork {
  const sizes = [10, 20, 20, 3];
  const next = gaussians(seed);
  const draw = (rows: number, scale: number) =>
    Array.from({ length: rows }, () => Array.from({ length: 10 }, () => scale * next()));
  const points = draw(examples, 1);
  const directions = draw(3, 1 / Math.sqrt(10));
  const targets = points.map((x) =>
    directions.map((a) => Math.sin(2 * a.reduce((sum, each, index) => sum + each * (x[index] ?? NaN), 0))),
  );
  const networkOf = (batch: readonly number[]) =>
    tinyNetwork(
      sizes,
      batch.map((index) => points[index] ?? []),
      batch.map((index) => targets[index] ?? []),
    );
  const of = (batch: readonly number[]): Landscape => {
    const network = networkOf(batch);
    // The network's own loss is the mean over three outputs.
    return {
      loss: (weights) => 1.5 * network.loss(weights),
      gradient: (weights) => network.gradient(weights).map((each) => 1.5 * each),
    };
  };
  return { whole: of([...points.keys()]), of, initial: () => networkOf([]).initial(seed + 1) };
}

export function inner(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (const [index, each] of one.entries()) sum += each * (other[index] ?? NaN);
  return sum;
}

/** w + c·d. */
export function moved(weights: Float64Array, by: number, direction: Float64Array): Float64Array {
  return weights.map((weight, index) => weight + by * (direction[index] ?? NaN));
}

export interface Eigenpair {
  readonly value: number;
  readonly vector: Float64Array;
}

/**
 * The largest eigenvalue of P^−½HP^−½ along a path, by the method of Lanczos with every vector orthogonalized, from where it was before. Products with
 * the Hessian are central differences of the gradient, whose errors, about h² and 1e-16/h, are below 1e-9.
 */
export function sharpnessAlong({ gradient }: Landscape) {
  const h = 1e-5;
  let last: Float64Array | undefined;
  return (weights: Float64Array, preconditioner?: Float64Array): Eigenpair => {
    const scaled = (vector: Float64Array) =>
      preconditioner ? vector.map((each, index) => each / Math.sqrt(preconditioner[index] ?? NaN)) : vector;
    const product = (vector: Float64Array) => {
      const direction = scaled(vector);
      const side = h / Math.sqrt(inner(direction, direction));
      const change = moved(gradient(moved(weights, side, direction)), -1, gradient(moved(weights, -side, direction)));
      return scaled(change).map((each) => each / (2 * side));
    };
    const steps = last === undefined ? 25 : 8;
    let vector = last ?? weights.map(gaussians(9));
    const [basis, products]: [Float64Array[], Float64Array[]] = [[], []];
    for (let step = 0; step < steps; step++) {
      // Twice, against rounding.
      for (const each of [...basis, ...basis]) vector = moved(vector, -inner(each, vector), each);
      const length = Math.sqrt(inner(vector, vector));
      vector = vector.map((each) => each / length);
      basis.push(vector);
      vector = product(vector);
      products.push(vector);
    }
    const within = new Matrix(basis.map((one) => products.map((other) => inner(one, other))));
    const symmetric = Matrix.add(within, within.transpose()).mul(0.5);
    const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(symmetric, { assumeSymmetric: true });
    const value = Math.max(...realEigenvalues);
    const parts = eigenvectorMatrix.getColumn(realEigenvalues.indexOf(value));
    last = basis.reduce((sum, each, index) => moved(sum, parts[index] ?? NaN, each), new Float64Array(weights.length));
    return { value, vector: last };
  };
}
