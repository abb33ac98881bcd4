import { Matrix } from "ml-matrix";
import type { HistoryRecord } from "../../../src/theory/history.ts";
import { gaussians } from "../../oracle/tinyNetwork.ts";
import { measured, opening, stepped } from "../theoryStreams.ts";

/** Of the functions that are tested, by their definitions; GELU by the series of the error function. */
export const definitions = {
  linear: (x: number) => x,
  relu: (x: number) => (x > 0 ? x : 0),
  elu: (x: number) => (x > 0 ? x : Math.exp(x) - 1),
  selu: (x: number) => 1.05070098 * (x > 0 ? x : 1.67326324 * (Math.exp(x) - 1)),
  tanh: Math.tanh,
  sigmoid: (x: number) => 1 / (1 + Math.exp(-x)),
  softplus: (x: number) => (x > 30 ? x : Math.log(1 + Math.exp(x))),
  silu: (x: number) => x / (1 + Math.exp(-x)),
  gelu: (x: number) => x * normal(x),
  relu6: (x: number) => (x < 0 ? 0 : x > 6 ? 6 : x),
  hardswish: (x: number) => (x < -3 ? 0 : x > 3 ? x : (x * x + 3 * x) / 6),
  mish: (x: number) => x * Math.tanh(Math.log(1 + Math.exp(x))),
  softsign: (x: number) => x / (1 + Math.abs(x)),
  logsigmoid: (x: number) => -Math.log(1 + Math.exp(-x)),
} as const;

/** Distribution function of the standard normal law: ½ + φ(x)·(x + x³/3 + x⁵/15 + …). */
function normal(x: number): number {
  if (Math.abs(x) > 7) return x > 0 ? 1 : 0;
  let [term, sum] = [x, x];
  for (let index = 1; index < 150; index++) sum += term *= x ** 2 / (2 * index + 1);
  return 0.5 + (sum * Math.exp(-(x ** 2) / 2)) / Math.sqrt(2 * Math.PI);
}

export interface FreshSignals {
  readonly activation?: keyof typeof definitions;
  /** Of the input, the hidden layers, and the output. */
  readonly sizes?: readonly number[];
  /** σ_w², of each layer. */
  readonly weightVariance?: number;
  readonly biasVariance?: number;
  readonly examples?: number;
  /** Between the examples' inputs. */
  readonly correlation?: number;
  readonly seed?: number;
}

/**
 * A network drawn at random in float64, with its activations and its gradients of a squared error by backpropagation: what a probe
 * records of it before and at its first step.
 */
export function freshSignals({
  activation = "tanh",
  sizes = [20, 200, 200, 200, 4],
  weightVariance = 1.5,
  biasVariance = 0.05,
  examples = 16,
  correlation = 0.3,
  seed = 1,
}: FreshSignals = {}): HistoryRecord[] {
  const next = gaussians(seed);
  const draw = (rows: number, columns: number, deviation: number) =>
    new Matrix(Array.from({ length: rows }, () => Array.from({ length: columns }, () => deviation * next())));
  const of = definitions[activation];
  const [features = 1, ...units] = sizes;
  const common = draw(1, features, Math.sqrt(correlation));
  const input = draw(examples, features, Math.sqrt(1 - correlation)).addRowVector(common.getRow(0));
  const layers = units.map((unit, index) => {
    const fanIn = sizes[index] ?? 1;
    return {
      path: `layer${index}`,
      weights: draw(fanIn, unit, Math.sqrt(weightVariance / fanIn)),
      biases: draw(1, unit, Math.sqrt(biasVariance)),
      isLast: index === units.length - 1,
    };
  });
  const fed = [input];
  const before = layers.map(({ weights, biases, isLast }) => {
    const argument = (fed.at(-1) ?? input).mmul(weights).addRowVector(biases.getRow(0));
    fed.push(isLast ? argument : map(argument, of));
    return argument;
  });
  const outputs = before.at(-1) ?? input;
  const targets = draw(examples, outputs.columns, 1);
  const errors = Matrix.sub(outputs, targets);
  const scale = examples * outputs.columns;
  let back = Matrix.mul(errors, 2 / scale);
  const derivatives = back;
  const gradients = layers.map(() => 0);
  for (let index = layers.length - 1; index >= 0; index--) {
    gradients[index] = (fed[index] ?? input).transpose().mmul(back).norm();
    const argument = before[index - 1];
    if (argument === undefined) break;
    const slope = map(argument, (x) => (of(x + 1e-6) - of(x - 1e-6)) / 2e-6);
    back = Matrix.mul(back.mmul((layers[index]?.weights ?? input).transpose()), slope);
  }
  const byLayer = (name: string, value: (index: number) => number) =>
    Object.fromEntries(layers.map(({ path }, index) => [`${name}@${path}`, value(index)]));
  const modules = layers.map(({ path, weights, isLast }) => ({
    path,
    kind: "Dense",
    parameterShapes: [[weights.rows, weights.columns], [weights.columns]],
    parameters: (weights.rows + 1) * weights.columns,
    activation: isLast ? "linear" : activation,
  }));
  const [entering, returning] = [pairs(input), pairs(derivatives)];
  return [
    ...opening({ examples, batch: examples }),
    { t: "model", step: 0, id: "m", modules, parameters: modules.reduce((sum, each) => sum + each.parameters, 0) },
    measured(0, {
      "input/rms": rms(input),
      "input/spread": entering.spread,
      "input/correlation": entering.correlation,
      "input/correlationSpread": jointly(input, input).pairs - entering.correlation ** 2,
      ...byLayer("weight/rms", (index) => rms(layers[index]?.weights ?? input)),
      ...byLayer("bias/rms", (index) => rms(layers[index]?.biases ?? input)),
      "output/gradient": derivatives.norm(),
      "output/gradientCorrelation": returning.correlation,
      "output/jointCorrelation": jointly(input, derivatives).pairs,
      "output/jointSize": jointly(input, derivatives).own,
    }),
    {
      t: "step",
      step: 0,
      values: {
        "loss/train": errors.norm() ** 2 / scale,
        ...byLayer("gradient/norm", (index) => gradients[index] ?? NaN),
      },
    },
    measured(
      0,
      byLayer("activation/rms", (index) => rms(fed[index + 1] ?? input)),
    ),
    ...[1, 2, 3, 4, 5].map((step) => stepped(step, 1)),
    { t: "end", step: 6, how: "finished" },
  ];
}

function map(matrix: Matrix, of: (x: number) => number): Matrix {
  return new Matrix(matrix.to2DArray().map((row) => row.map(of)));
}

function rms(matrix: Matrix): number {
  return matrix.norm() / Math.sqrt(matrix.rows * matrix.columns);
}

/** Of the rows. */
function pairs(matrix: Matrix): { readonly spread: number; readonly correlation: number } {
  const gram = matrix.mmul(matrix.transpose());
  const squares = gram.diagonal();
  const mean = gram.trace() / matrix.rows;
  return {
    spread: squares.reduce((sum, square) => sum + (square / mean - 1) ** 2, 0) / matrix.rows,
    correlation: (gram.sum() - gram.trace()) / ((matrix.rows - 1) * gram.trace()),
  };
}

/** Means of the product of two rows' inner products in both matrices, over those of the mean squared norms: for pairs, and for a row itself. */
function jointly(one: Matrix, other: Matrix): { readonly pairs: number; readonly own: number } {
  const [first, second] = [one.mmul(one.transpose()), other.mmul(other.transpose())];
  const products = Matrix.mul(first, second);
  const mean = (first.trace() * second.trace()) / one.rows ** 2;
  return {
    pairs: (products.sum() - products.trace()) / (one.rows * (one.rows - 1)) / mean,
    own: products.trace() / one.rows / mean,
  };
}
