import type { Engine, Tensor } from "../engine.ts";
import { tracedLayers } from "../layerActivations.ts";
import { outputHead } from "../outputHead.ts";
import { readFloats } from "../stepView.ts";
import { weightProducts } from "../trace/outputGradients.ts";
import type { Trace } from "../trace/trace.ts";
import { mostReplayBytes } from "./initialWeights.ts";
import type { Measurement } from "./observable.ts";
import { squaredNorm } from "./vectors.ts";

/**
 * What the theory of signals at initialization starts from, of the first step's batch and the weights before it. With x what the first
 * layer is fed of an example, and δ the derivative of the loss by its outputs (logits, for a cross-entropy):
 *
 * - `input/rms`: root mean square of x over examples and features; `input/spread`: variance of ‖x‖² over the square of its mean.
 * - `output/gradient`: √Σ‖δ‖² over the examples.
 * - `weight/rms@layer`, `bias/rms@layer`: root mean square of a layer's weights, and of its biases where it has any.
 * - over pairs of examples, in units of the mean squared norms: mean and variance of xᵢ·xⱼ, `input/correlation` and
 *   `input/correlationSpread`; mean of δᵢ·δⱼ, `output/gradientCorrelation`, and of (xᵢ·xⱼ)(δᵢ·δⱼ), `output/jointCorrelation`; and over examples
 *   that of ‖x‖²‖δ‖², `output/jointSize`.
 *
 * What a trace does not show, or what would take more than a fraction of a second, is left out.
 */
export function initialSignal(engine: Engine, trace: Trace): Measurement | undefined {
  if (4 * trace.parameterCount > mostReplayBytes) return undefined;
  const layers = tracedLayers(trace);
  const [first] = layers.activations;
  if (first === undefined) return undefined;
  const { graph } = layers;
  const use = graph.operations.find(({ inputs }) => graph.variable(inputs["b"]) === first.weight);
  const head = outputHead(layers);
  const derivatives = head === undefined ? [] : weightProducts(trace, head.product);
  const outputs = derivatives.length === 1 ? derivatives[0]?.inputs["b"] : undefined;
  const fed = rowsOf(engine, trace.primal(use?.inputs["a"] ?? Number.NaN));
  const returned = rowsOf(engine, outputs === undefined ? undefined : trace.primal(outputs));
  const pairs = fed && returned && pairsOf(fed, returned);
  return {
    values: {
      ...(fed && {
        "input/rms": Math.sqrt(squaredNorm(fed.values) / fed.values.length),
        ...spreadOf(fed),
      }),
      ...weightSizes(trace, new Map(layers.activations.map(({ layer, weight }) => [weight.name, layer]))),
      ...(returned && { "output/gradient": Math.sqrt(squaredNorm(returned.values)) }),
      ...(pairs && {
        "input/correlation": pairs.one,
        "input/correlationSpread": pairs.oneSquare - pairs.one ** 2,
        "output/gradientCorrelation": pairs.other,
        "output/jointCorrelation": pairs.joint,
        "output/jointSize": pairs.sizes,
      }),
    },
    method: "of the recorded evaluation, before the first step",
  };
}

/** A row for each example. */
interface Rows {
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

/** Multiplications that pairs of examples may take. */
const mostProducts = 2e8;

/** Means over the pairs of rows of two matrices, in units of the mean squared norms, of their inner products and products of these. */
interface Pairs {
  readonly one: number;
  readonly other: number;
  readonly oneSquare: number;
  readonly joint: number;
  /** Mean of the product of a row's squared norms in both. */
  readonly sizes: number;
}

function pairsOf(one: Rows, other: Rows): Pairs | undefined {
  const { rows } = one;
  if (rows < 2 || other.rows !== rows || (rows ** 2 / 2) * (one.columns + other.columns) > mostProducts)
    return undefined;
  const scales = [squaredNorm(one.values) / rows, squaredNorm(other.values) / rows] as const;
  // Of zeros there is no correlation: a loss that cannot be lowered has no gradient.
  if (!(scales[0] > 0 && scales[1] > 0)) return undefined;
  const sums = { one: 0, other: 0, oneSquare: 0, joint: 0, sizes: 0 };
  for (let row = 0; row < rows; row++) {
    for (let second = 0; second <= row; second++) {
      const [first, last] = [product(one, row, second) / scales[0], product(other, row, second) / scales[1]];
      if (second === row) {
        sums.sizes += (first * last) / rows;
        continue;
      }
      const weight = 2 / (rows * (rows - 1));
      sums.one += weight * first;
      sums.other += weight * last;
      sums.oneSquare += weight * first * first;
      sums.joint += weight * first * last;
    }
  }
  return sums;
}

function product({ values, columns }: Rows, row: number, second: number): number {
  let sum = 0;
  for (let column = 0; column < columns; column++) {
    sum += (values[row * columns + column] ?? 0) * (values[second * columns + column] ?? 0);
  }
  return sum;
}

function rowsOf(engine: Engine, tensor: Tensor | undefined): Rows | undefined {
  const columns = tensor?.shape.at(-1) ?? 0;
  if (tensor === undefined || columns === 0 || tensor.size === 0) return undefined;
  return { values: readFloats(engine, tensor).slice(), rows: tensor.size / columns, columns };
}

/** Variance of the rows' squared norms, over the square of their mean; nothing where all are zero. */
function spreadOf(rows: Rows): Readonly<Record<string, number>> {
  const squares = Array.from({ length: rows.rows }, (_, row) => product(rows, row, row));
  const mean = squaredNorm(rows.values) / rows.rows;
  if (!(mean > 0)) return {};
  return { "input/spread": squares.reduce((sum, square) => sum + (square / mean - 1) ** 2, 0) / rows.rows };
}

/** @param layerOf names of layers by those of their weights. */
function weightSizes(trace: Trace, layerOf: ReadonlyMap<string, string>): Readonly<Record<string, number>> {
  const flat = trace.weights();
  const layers = new Set(layerOf.values());
  const values: Record<string, number> = {};
  let offset = 0;
  for (const { name, size, shape } of trace.variables) {
    const rms = Math.sqrt(squaredNorm(flat.subarray(offset, offset + size)) / size);
    const layer = layerOf.get(name);
    const biased = name.replace(/\/bias$/, "");
    if (layer !== undefined) values[`weight/rms@${layer}`] = rms;
    else if (shape.length === 1 && biased !== name && layers.has(biased)) values[`bias/rms@${biased}`] = rms;
    offset += size;
  }
  return values;
}
