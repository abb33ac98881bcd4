/**
 * Networks whose width and depth grow, in float64 with backpropagation by hand: the reference for what such growth asks for. It shares no
 * code with Orrery. h₀ = W₀x; h ← s·h + b·W·tanh(h) for each matrix in between, s = 1 in residual networks and else 0; f = c·Wᵣ·tanh(h).
 */
import { gaussians } from "./tinyNetwork.ts";

export interface Matrix64 {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

export interface GrowingSetting {
  readonly width: number;
  /** Matrices between the first and the last. */
  readonly depth: number;
  readonly residual: boolean;
  readonly update: "adam" | "descent";
  /** Learning rate of each of the matrices. */
  readonly rate: (layer: number) => number;
  /** Standard deviation of each fresh matrix. */
  readonly scale: (layer: number) => number;
  /** What each matrix' product is multiplied by. */
  readonly multiplier: (layer: number) => number;
  readonly epsilon?: number;
  /** λ of λ/2·‖W‖² that is added to the loss, 0 by default. */
  readonly penalty?: number;
  /** Decays of Adam's averages, 0.9 and 0.999 by default. */
  readonly beta1?: number;
  readonly beta2?: number;
  readonly seed: number;
}

/** Inputs and targets of a batch: of a smooth function of 8 inputs, the same for every network. */
export function smoothBatch(examples: number, seed: number) {
  const next = gaussians(seed);
  const inputs = Array.from({ length: examples }, () => Float64Array.from({ length: 8 }, next));
  const targets = inputs.map((x) => Math.sin(x[0] ?? NaN) * (x[1] ?? NaN) + Math.cos((x[2] ?? NaN) + (x[3] ?? NaN)));
  return { inputs, targets };
}

export type Batch = ReturnType<typeof smoothBatch>;

function product({ rows, columns, values }: Matrix64, x: Float64Array): Float64Array {
  const result = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let column = 0; column < columns; column++)
      sum += (values[row * columns + column] ?? NaN) * (x[column] ?? NaN);
    result[row] = sum;
  }
  return result;
}

function transposedProduct({ rows, columns, values }: Matrix64, x: Float64Array): Float64Array {
  const result = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    const factor = x[row] ?? NaN;
    for (let column = 0; column < columns; column++) {
      result[column] = (result[column] ?? NaN) + (values[row * columns + column] ?? NaN) * factor;
    }
  }
  return result;
}

export class GrowingNetwork {
  readonly weights: readonly Matrix64[];
  readonly #setting: GrowingSetting;
  readonly #first: readonly Float64Array[];
  readonly #second: readonly Float64Array[];
  #steps = 0;

  constructor(setting: GrowingSetting) {
    const { width, depth, seed } = setting;
    const next = gaussians(seed);
    const shapes = [
      [width, 8] as const,
      ...Array.from({ length: depth }, () => [width, width] as const),
      [1, width] as const,
    ];
    this.#setting = setting;
    this.weights = shapes.map(([rows, columns], layer) => ({
      rows,
      columns,
      values: Float64Array.from({ length: rows * columns }, () => setting.scale(layer) * next()),
    }));
    this.#first = this.weights.map(({ values }) => new Float64Array(values.length));
    this.#second = this.weights.map(({ values }) => new Float64Array(values.length));
  }

  /** The stream before each matrix but the first, and the output. */
  forward(input: Float64Array): { readonly stream: readonly Float64Array[]; readonly output: number } {
    const { residual, multiplier } = this.#setting;
    const last = this.weights.length - 1;
    const stream: Float64Array[] = [];
    let output = NaN;
    for (const [layer, matrix] of this.weights.entries()) {
      const below = stream.at(-1);
      const entering = below === undefined ? input : below.map(Math.tanh);
      const made = product(matrix, entering).map((each) => multiplier(layer) * each);
      if (layer === last) output = made[0] ?? NaN;
      else stream.push(residual && below !== undefined ? made.map((each, unit) => each + (below[unit] ?? NaN)) : made);
    }
    return { stream, output };
  }

  /** Mean squared error, and its gradient by each matrix. */
  gradient({ inputs, targets }: Batch): { readonly loss: number; readonly gradients: readonly Float64Array[] } {
    const { residual, multiplier } = this.#setting;
    const gradients = this.weights.map(({ values }) => new Float64Array(values.length));
    let loss = 0;
    for (const [index, input] of inputs.entries()) {
      const { stream, output } = this.forward(input);
      const error = output - (targets[index] ?? NaN);
      loss += error ** 2 / inputs.length;
      let delta = Float64Array.of((2 * error) / inputs.length);
      for (let layer = this.weights.length - 1; layer >= 0; layer--) {
        const matrix = this.weights[layer];
        const gradient = gradients[layer];
        if (matrix === undefined || gradient === undefined) continue;
        const below = stream[layer - 1];
        const entering = below === undefined ? input : below.map(Math.tanh);
        const factor = multiplier(layer);
        for (let row = 0; row < matrix.rows; row++) {
          const here = factor * (delta[row] ?? NaN);
          for (let column = 0; column < matrix.columns; column++) {
            const at = row * matrix.columns + column;
            gradient[at] = (gradient[at] ?? NaN) + here * (entering[column] ?? NaN);
          }
        }
        if (below === undefined) continue;
        const back = transposedProduct(matrix, delta);
        const skipped = residual && layer < this.weights.length - 1 ? delta : undefined;
        delta = back.map((each, unit) => factor * each * (1 - (entering[unit] ?? NaN) ** 2) + (skipped?.[unit] ?? 0));
      }
    }
    return { loss, gradients };
  }

  /** One step on a batch; the loss before it, without the penalty. */
  step(batch: Batch): number {
    const { loss, gradients } = this.gradient(batch);
    const { update, rate, epsilon = 1e-12, beta1 = 0.9, beta2 = 0.999, penalty = 0 } = this.#setting;
    this.#steps += 1;
    for (const [layer, { values }] of this.weights.entries()) {
      const [gradient, first, second] = [gradients[layer], this.#first[layer], this.#second[layer]];
      if (gradient === undefined || first === undefined || second === undefined) continue;
      for (let index = 0; index < values.length; index++) {
        const before = values[index] ?? NaN;
        const slope = (gradient[index] ?? NaN) + penalty * before;
        if (update === "descent") {
          values[index] = before - rate(layer) * slope;
          continue;
        }
        first[index] = beta1 * (first[index] ?? NaN) + (1 - beta1) * slope;
        second[index] = beta2 * (second[index] ?? NaN) + (1 - beta2) * slope ** 2;
        const mean = (first[index] ?? NaN) / (1 - beta1 ** this.#steps);
        const root = Math.sqrt((second[index] ?? NaN) / (1 - beta2 ** this.#steps));
        values[index] = before - (rate(layer) * mean) / (root + epsilon);
      }
    }
    return loss;
  }
}

/** Largest singular value, by 60 products with AᵀA. */
export function spectralNorm(matrix: Matrix64): number {
  let vector = Float64Array.from({ length: matrix.columns }, gaussians(9));
  let norm = NaN;
  for (let round = 0; round < 60; round++) {
    const next = transposedProduct(matrix, product(matrix, vector));
    norm = Math.hypot(...next);
    vector = next.map((each) => each / norm);
  }
  return Math.sqrt(norm);
}
