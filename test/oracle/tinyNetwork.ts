/**
 * A fully connected tanh network in float64 plain arrays, trained on the mean squared error over a whole data set, with
 * backpropagation by hand and a dense Hessian: the reference for laws about curvature. It shares no code with Orrery.
 */
import { EigenvalueDecomposition, Matrix } from "ml-matrix";

export interface TinyNetwork {
  readonly parameters: number;
  initial(seed: number): Float64Array;
  loss(weights: Float64Array): number;
  gradient(weights: Float64Array): Float64Array;
  /** Dense, by central differences of the gradient. */
  hessian(weights: Float64Array): Matrix;
}

/** Largest algebraic eigenvalue of a symmetric matrix. */
export function largestEigenvalue(matrix: Matrix): number {
  return Math.max(...new EigenvalueDecomposition(matrix, { assumeSymmetric: true }).realEigenvalues);
}

/** Gaussian numbers from a 32-bit congruential generator (Numerical Recipes' constants) by Box and Muller. */
export function gaussians(seed: number): () => number {
  let state = (seed * 2654435761) >>> 0;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 4294967296;
  };
  for (let warmUp = 0; warmUp < 8; warmUp++) uniform();
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** @param sizes units from input to output, as [1, 8, 8, 1]; inputs and targets are rows of these lengths */
export function tinyNetwork(
  sizes: readonly number[],
  inputs: readonly (readonly number[])[],
  targets: readonly (readonly number[])[],
): TinyNetwork {
  const layers = sizes.slice(1).map((outputs, layer) => ({ inputs: sizes[layer] ?? 0, outputs }));
  const parameters = layers.reduce((sum, layer) => sum + (layer.inputs + 1) * layer.outputs, 0);

  /** Adds to `gradient` that of one example; returns its squared error. */
  function example(weights: Float64Array, input: readonly number[], target: readonly number[], gradient: Float64Array) {
    const activations: number[][] = [[...input]];
    let offset = 0;
    for (const [index, layer] of layers.entries()) {
      const below = activations[index] ?? [];
      const here: number[] = [];
      for (let unit = 0; unit < layer.outputs; unit++) {
        const row = offset + unit * (layer.inputs + 1);
        let sum = weights[row + layer.inputs] ?? NaN;
        for (let from = 0; from < layer.inputs; from++) sum += (weights[row + from] ?? NaN) * (below[from] ?? NaN);
        here.push(index === layers.length - 1 ? sum : Math.tanh(sum));
      }
      activations.push(here);
      offset += (layer.inputs + 1) * layer.outputs;
    }
    const errors = (activations.at(-1) ?? []).map((output, unit) => output - (target[unit] ?? NaN));
    let delta = errors.map((error) => (2 * error) / errors.length);
    for (const [index, layer] of [...layers.entries()].reverse()) {
      offset -= (layer.inputs + 1) * layer.outputs;
      const below = activations[index] ?? [];
      const deltaBelow = new Array<number>(layer.inputs).fill(0);
      for (let unit = 0; unit < layer.outputs; unit++) {
        const row = offset + unit * (layer.inputs + 1);
        const here = delta[unit] ?? NaN;
        for (let from = 0; from < layer.inputs; from++) {
          gradient[row + from] = (gradient[row + from] ?? 0) + here * (below[from] ?? NaN);
          deltaBelow[from] = (deltaBelow[from] ?? 0) + here * (weights[row + from] ?? NaN);
        }
        gradient[row + layer.inputs] = (gradient[row + layer.inputs] ?? 0) + here;
      }
      delta = deltaBelow.map((value, unit) => value * (1 - (below[unit] ?? 0) ** 2));
    }
    return errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length;
  }

  function evaluate(weights: Float64Array) {
    const gradient = new Float64Array(parameters);
    let loss = 0;
    for (const [index, input] of inputs.entries()) loss += example(weights, input, targets[index] ?? [], gradient);
    return { loss: loss / inputs.length, gradient: gradient.map((value) => value / inputs.length) };
  }

  return {
    parameters,
    initial(seed) {
      const next = gaussians(seed);
      const weights = new Float64Array(parameters);
      let offset = 0;
      for (const layer of layers) {
        for (let unit = 0; unit < layer.outputs; unit++) {
          for (let from = 0; from < layer.inputs; from++) weights[offset++] = next() / Math.sqrt(layer.inputs);
          offset += 1;
        }
      }
      return weights;
    },
    loss: (weights) => evaluate(weights).loss,
    gradient: (weights) => evaluate(weights).gradient,
    hessian(weights) {
      // The third derivatives make an error of about h², rounding one of about 1e-16/h: both below 1e-9.
      const h = 1e-5;
      const columns = Array.from(weights, (weight, index) => {
        const moved = weights.slice();
        moved[index] = weight + h;
        const above = evaluate(moved).gradient;
        moved[index] = weight - h;
        const below = evaluate(moved).gradient;
        return Array.from(above, (value, row) => (value - (below[row] ?? NaN)) / (2 * h));
      });
      const matrix = new Matrix(columns);
      return Matrix.add(matrix, matrix.transpose()).mul(0.5);
    },
  };
}

/** Points of T₄ on [−1, 1], a target that a small network learns slowly. */
export function chebyshev(points: number) {
  const inputs = Array.from({ length: points }, (_, index) => [-1 + (2 * index) / (points - 1)]);
  const targets = inputs.map(([x = 0]) => [8 * x ** 4 - 8 * x ** 2 + 1]);
  return { inputs, targets };
}
