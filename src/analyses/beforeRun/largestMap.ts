/** What a network of linear layers can come to rest at, whatever its data: the flattest solution, turned around. */
import type { ModelSketch } from "../../source/sketch/modelSketch.ts";
import type { LossSketch, OptimizerSketch } from "../../source/sketch/trainingSketch.ts";
import { flattestSolution } from "../../theory/solvable/flattestSolution.ts";
import { optimizerFacts } from "./optimizerFacts.ts";
import { exactly, notPredicted, type Prediction } from "./prediction.ts";
import { stabilityCeiling } from "./stabilityCeiling.ts";

/**
 * The largest singular value that a map can have at which gradient descent comes to rest. All minima of L layers with a map whose largest singular
 * value is s are at least as sharp as c·L·s^(2−2/L), c the curvature of the loss by an output (2/o of a mean squared error over o outputs;
 * Mulayoff and Michaeli 2020, for ½ of a sum of squares, c = 1), and none that is sharper than the optimizer's limit is stable, so that
 * s ≤ (limit/(c·L))^(1/(2−2/L)). Undefined for all but linear stacks of two layers or more under a squared error and descent: nothing is to be said there.
 */
export function largestMap(model: ModelSketch, loss: LossSketch, optimizer: OptimizerSketch): Prediction | undefined {
  const widths = linearWidths(model);
  const known = optimizerFacts(optimizer);
  const isDescent = optimizer.kind === "sgd" || optimizer.kind === "momentum";
  if (widths === undefined || loss.kind !== "meanSquaredError" || !isDescent) return undefined;
  if (known.known && known.facts.groups.some(({ weightDecay = 0 }) => weightDecay > 0)) return undefined;
  const ceiling = stabilityCeiling(optimizer);
  if (!ceiling.known) return notPredicted(ceiling.reason, flattestSolution);
  if (!loss.reduction.known) return notPredicted(loss.reduction.reason, flattestSolution);
  if (loss.reduction.value !== "mean") return notPredicted("the loss is no mean over examples", flattestSolution);
  const [outputs, depth] = [widths.at(-1) ?? NaN, widths.length - 1];
  const within = widths.slice(1, -1);
  if (Math.min(...within) < Math.min(widths[0] ?? NaN, outputs)) {
    return notPredicted("a hidden layer is narrower than inputs and outputs", flattestSolution);
  }
  const largest = ((ceiling.value * outputs) / (2 * depth)) ** (1 / (2 - 2 / depth));
  return exactly(
    largest,
    `(limit·o/(2L))^(1/(2−2/L)), L = ${depth} layers, o = ${outputs}`,
    ["Inputs are white: uncorrelated, each with a mean square of 1.", "Steps see the whole data set."],
    flattestSolution,
  );
}

/** Inputs, then the units of each layer; undefined where it is no stack of at least two linear layers. */
function linearWidths({ layers, flow, complete }: ModelSketch): readonly number[] | undefined {
  if (!complete.known || !flow.known || flow.value !== "chain") return undefined;
  const widths: number[] = [];
  for (const layer of layers) {
    if (!layer.used || layer.kind === "reshape") continue;
    if (layer.kind !== "dense" || !layer.inputs.known || !layer.units.known) return undefined;
    if (!layer.activation.known || layer.activation.value !== "linear") return undefined;
    if (widths.length === 0) widths.push(layer.inputs.value);
    widths.push(layer.units.value);
  }
  return widths.length > 2 ? widths : undefined;
}
