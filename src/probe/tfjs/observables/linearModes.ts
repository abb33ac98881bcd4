import type { Engine } from "../engine.ts";
import { tracedLayers } from "../layerActivations.ts";
import { linearStack } from "../linearStack.ts";
import { readFloats } from "../stepView.ts";
import type { TracedVariable } from "../trace/operation.ts";
import type { Trace } from "../trace/trace.ts";
import { type LinearFit, linearFit, type LinearMode } from "./linearRegression.ts";
import { type Measurement, type Observable, type ObservedStep, Unmeasurable } from "./observable.ts";
import { dot, squaredNorm } from "./vectors.ts";

/** Beyond them decompositions of the data take seconds. */
const mostInputs = 256;
const mostProducts = 2e8;
/** Modes that are followed. */
const mostModes = 5;

/** A linear stack, and what its data say, of the first batch that was recorded. */
interface Known {
  readonly weights: readonly TracedVariable[];
  readonly isBiased: boolean;
  readonly fit: LinearFit;
  /** Of the loss's own unit: the loss is `scale`·½E‖outputs − targets‖². */
  readonly scale: number;
  readonly examples: number;
}

/**
 * A network of linear layers x ↦ x·W₁·…·W_L under a squared error, against what linear theory makes of its batch. In the loss's own
 * unit, so that a step of gradient descent takes the time η whatever the loss's factors are.
 *
 * Once, of the batch: `linear/layers`: L. `linear/entries`: of the map, with those of the last layer's bias. `linear/leastLoss` and `linear/emptyLoss`: the loss of the best map and of none.
 * `linear/flattest`: no minimum's Hessian has its largest eigenvalue below L·max (pᵀCp)^(1/L)·σ^(2−2/L) over directions of the fitted values
 * (Mulayoff and Michaeli 2020 for white inputs; here for any covariance C). Left out where a hidden layer is narrower than inputs and outputs both.
 * Vectors over the modes (v, q) of E[xᵀy]: `linear/signal`: s. `linear/variance`: λ = vᵀCv. `linear/coupling`: ‖Cv − λv‖/λ.
 *
 * Of the weights, of the first five modes: `linear/strength@k`: vᵀ·W₁·…·W_L·q. Of two layers, with a = vᵀW₁ and b = W₂q, `linear/growing@k`:
 * |a + b|²/4, less what of it lies along stronger modes' a + b, and `linear/shrinking@k`: |a − b|²/4 (Saxe et al. 2014).
 */
export function linearModes(): Observable {
  let known: Known | "nothing" | undefined;
  return {
    name: "linear/strength",
    price: "cheap",
    record: "measure",
    needsTrace: false,
    needsWeights: true,
    applies: () => known !== "nothing",
    measure(step) {
      const isFirst = known === undefined;
      if (known === undefined && step.trace !== undefined) {
        known = "nothing";
        known = lookAt(step.engine, step.trace) ?? "nothing";
      }
      if (known === undefined || known === "nothing") return undefined;
      const facts = isFirst ? dataFacts(known) : { values: {} };
      return {
        ...facts,
        values: { ...facts.values, ...strengths(step, known) },
        sample: known.examples,
        method: "from weights, and singular vectors of the correlation of inputs and targets",
      };
    },
  };
}

function lookAt(engine: Engine, trace: Trace): Known | undefined {
  const stack = linearStack(tracedLayers(trace));
  const inputs = stack && trace.primal(stack.inputs);
  if (stack === undefined || inputs === undefined) return undefined;
  const { head, weights, isBiased } = stack;
  const [examples = 0] = head.outputs.shape;
  const width = weights[0]?.shape[0] ?? 0;
  if (examples === 0 || inputs.size !== examples * width) return undefined;
  if (width > mostInputs || examples * width ** 2 > mostProducts) {
    throw new Unmeasurable(
      "linear-size",
      `The modes of the linear network are not followed: ${examples} examples of ${width} inputs are more than can be decomposed at once.`,
    );
  }
  const [x, outputs, targets] = [inputs, head.outputs, head.targets].map((tensor) => readFloats(engine, tensor));
  if (x === undefined || outputs === undefined || targets === undefined) return undefined;
  const error = squaredNorm(outputs.map((each, index) => each - (targets[index] ?? 0))) / (2 * examples);
  const scale = trace.loss() / error;
  if (!(scale > 0 && scale < Infinity) || !x.every(Number.isFinite)) return undefined;
  return { weights, isBiased, fit: linearFit({ inputs: x, targets, examples, isBiased }), scale, examples };
}

/** Sharpness below which no minimum of so many layers lies, on ½E‖y − x·W₁·…·W_L‖². */
export function flattestSharpness({ directions }: LinearFit, layers: number): number {
  const bounds = directions.map(({ size, variance }) => variance ** (1 / layers) * size ** (2 - 2 / layers));
  return layers * Math.max(...bounds);
}

function dataFacts({ weights, isBiased, fit, scale }: Known): Pick<Measurement, "values" | "vectors"> {
  const layers = weights.length;
  const [inputs, outputs] = [weights[0]?.shape[0] ?? 0, weights.at(-1)?.shape[1] ?? 0];
  const isWide = weights.slice(1).every(({ shape }) => (shape[0] ?? 0) >= Math.min(inputs, outputs));
  const isFitted = fit.directions.length > 0;
  return {
    values: {
      "linear/layers": layers,
      "linear/entries": (inputs + (isBiased ? 1 : 0)) * outputs,
      "linear/leastLoss": scale * fit.leastError,
      "linear/emptyLoss": scale * fit.emptyError,
      ...(isWide && isFitted && { "linear/flattest": scale * flattestSharpness(fit, layers) }),
    },
    vectors: {
      "linear/signal": fit.modes.map(({ signal }) => scale * signal),
      "linear/variance": fit.modes.map(({ variance }) => scale * variance),
      "linear/coupling": fit.modes.map(({ coupling }) => coupling),
    },
  };
}

function strengths(step: ObservedStep, { weights, fit }: Known): Record<string, number> {
  const values: Record<string, number> = {};
  const read = weights.map(({ name }) => step.weightsBefore(name));
  if (!read.every((each, index) => each?.length === weights[index]?.size)) return values;
  const layers = read.map((each) => each ?? new Float32Array());
  const stronger: Float64Array[] = [];
  fit.modes.slice(0, mostModes).forEach(({ input, output }: LinearMode, index) => {
    const carried = layers.reduce<Float64Array>((vector, layer) => throughLayer(vector, layer), input);
    values[`linear/strength@${index + 1}`] = dot(carried, output);
    const [first, second] = layers;
    if (first === undefined || second === undefined || layers.length !== 2) return;
    const [a, b] = [throughLayer(input, first), backThroughLayer(output, second)];
    const sum = a.map((each, unit) => (each + (b[unit] ?? 0)) / 2);
    const difference = a.map((each, unit) => (each - (b[unit] ?? 0)) / 2);
    for (const other of stronger) {
      const share = dot(sum, other) / squaredNorm(other);
      sum.forEach((each, unit) => {
        sum[unit] = each - share * (other[unit] ?? 0);
      });
    }
    values[`linear/growing@${index + 1}`] = squaredNorm(sum);
    values[`linear/shrinking@${index + 1}`] = squaredNorm(difference);
    if (squaredNorm(sum) > 0) stronger.push(sum);
  });
  return values;
}

/** x·W for W [rows, columns], flat, with as many rows as x has elements. */
function throughLayer(x: Float64Array, layer: Float32Array): Float64Array {
  const columns = layer.length / x.length;
  const result = new Float64Array(columns);
  x.forEach((each, row) => {
    for (let column = 0; column < columns; column++) {
      result[column] = (result[column] ?? 0) + each * (layer[row * columns + column] ?? 0);
    }
  });
  return result;
}

/** W·x for W [rows, columns], flat, with as many columns as x has elements. */
function backThroughLayer(x: Float64Array, layer: Float32Array): Float64Array {
  const result = new Float64Array(layer.length / x.length);
  return result.map((_, row) => dot(x, layer.subarray(row * x.length, (row + 1) * x.length)));
}
