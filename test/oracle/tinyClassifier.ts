/**
 * A classifier with one hidden layer of tanh in float64 plain arrays, trained on Gaussian classes by the mean cross-entropy over all
 * examples, with backpropagation by hand and a dense Hessian. It shares no code with Orrery.
 */
import { Matrix } from "ml-matrix";
import { gaussians } from "./tinyNetwork.ts";

export interface TinyClassifier {
  readonly classes: number;
  readonly inputs: number;
  readonly hidden: number;
  readonly examples: number;
  readonly seed: number;
  /** Labels that have nothing to do with the inputs. */
  readonly shuffled?: boolean;
}

export function tinyClassifier({ classes, inputs, hidden, examples, seed, shuffled = false }: TinyClassifier) {
  const next = gaussians(seed);
  const means = Array.from({ length: classes }, () => Float64Array.from({ length: inputs }, () => next()));
  const owner = Array.from({ length: examples }, (_, index) => index % classes);
  const data = owner.map((label) => Float64Array.from(means[label] ?? [], (mean) => mean + next() / 2));
  const labels = shuffled ? owner.map((_, index) => owner[(index * 7919 + 3) % examples] ?? 0) : owner;
  const second = (inputs + 1) * hidden;
  const size = second + (hidden + 1) * classes;

  function initial(): Float64Array {
    return Float64Array.from({ length: size }, (_, index) => {
      const fanIn = index < second ? inputs : hidden;
      const isBias = (index < second ? index : index - second) % (fanIn + 1) === fanIn;
      return isBias ? 0 : next() / Math.sqrt(fanIn);
    });
  }

  const all = data.map((_, index) => index);

  /** @param batch numbers of the examples that the loss is a mean over. */
  function evaluate(weights: Float64Array, batch: readonly number[] = all) {
    const gradient = new Float64Array(size);
    let loss = 0;
    const affine = (x: Float64Array, units: number, start: number) =>
      Float64Array.from({ length: units }, (_, unit) => {
        const row = start + unit * (x.length + 1);
        return x.reduce((sum, each, from) => sum + (weights[row + from] ?? NaN) * each, weights[row + x.length] ?? NaN);
      });
    for (const index of batch) {
      const x = data[index] ?? new Float64Array(inputs);
      const label = labels[index] ?? 0;
      const active = affine(x, hidden, 0).map(Math.tanh);
      const logits = affine(active, classes, second);
      const largest = Math.max(...logits);
      const powers = logits.map((logit) => Math.exp(logit - largest));
      const total = powers.reduce((sum, each) => sum + each, 0);
      loss -= Math.log((powers[label] ?? NaN) / total) / batch.length;
      const below = new Float64Array(hidden);
      for (let unit = 0; unit < classes; unit++) {
        const here = ((powers[unit] ?? NaN) / total - (unit === label ? 1 : 0)) / batch.length;
        const row = second + unit * (hidden + 1);
        for (let from = 0; from < hidden; from++) {
          gradient[row + from] = (gradient[row + from] ?? NaN) + here * (active[from] ?? NaN);
          below[from] = (below[from] ?? NaN) + here * (weights[row + from] ?? NaN);
        }
        gradient[row + hidden] = (gradient[row + hidden] ?? NaN) + here;
      }
      for (let unit = 0; unit < hidden; unit++) {
        const here = (below[unit] ?? NaN) * (1 - (active[unit] ?? NaN) ** 2);
        const row = unit * (inputs + 1);
        for (let from = 0; from < inputs; from++) {
          gradient[row + from] = (gradient[row + from] ?? NaN) + here * (x[from] ?? NaN);
        }
        gradient[row + inputs] = (gradient[row + inputs] ?? NaN) + here;
      }
    }
    return { loss, gradient };
  }

  /** By central differences of the gradient, with errors of some 1e-9. */
  function hessian(weights: Float64Array): Matrix {
    const h = 1e-5;
    const rows = Array.from(weights, (weight, index) => {
      const [above, below] = [h, -h].map((step) => {
        const moved = weights.slice();
        moved[index] = weight + step;
        return evaluate(moved).gradient;
      });
      return Array.from(above ?? [], (value, row) => (value - (below?.[row] ?? NaN)) / (2 * h));
    });
    const matrix = new Matrix(rows);
    return Matrix.add(matrix, matrix.transpose()).mul(0.5);
  }

  return { initial, evaluate, hessian };
}
