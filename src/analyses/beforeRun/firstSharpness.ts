/** How sharp the loss is before the first step, estimated from the text, and the largest learning rate that is stable there. */
import type { ModelSketch } from "../../source/sketch/modelSketch.ts";
import type { LossSketch, OptimizerSketch, TrainingSketch } from "../../source/sketch/trainingSketch.ts";
import { gaussianDecile } from "../../theory/bootstrap.ts";
import { firstLearningRate } from "../../theory/hyperparameters/firstLearningRate.ts";
import { fluctuations, gradientSquares, propagate, type SignalLayer } from "../../theory/limits/signalPropagation.ts";
import { freshWeights } from "./freshWeights.ts";
import { optimizerFacts } from "./optimizerFacts.ts";
import { oncePer } from "../../theory/oncePer.ts";
import { notPredicted, type Prediction } from "./prediction.ts";
import { largestStableRate } from "./stabilityCeiling.ts";
import { activationBehind, signalStages } from "./signalStages.ts";

/** Variance of the logits beyond which their softmax is not that of knowing nothing. */
const mostVariance = 1;

/** Layers beyond which nobody stacks them plainly, and the estimate takes long. */
const mostLayers = 100;

interface DenseStack {
  readonly layers: readonly SignalLayer[];
  readonly fanIns: readonly number[];
  readonly widths: readonly number[];
}

/**
 * The largest eigenvalue of the Gauss-Newton matrix of a wide stack of dense layers with fresh weights, in loss per squared parameter:
 *
 *   λ = a·(κ₂ + (κ₁ − κ₂)/B),    κ₁ = Σ_l ‖∂f/∂W_l‖² of one example, κ₂ the same of a pair of them,
 *
 * a the largest curvature of the loss by an example's outputs: 1/C of a softmax over C classes that knows nothing, ¼ of a sigmoid, 2/o of a mean
 * squared error over o outputs. The mean cosine between inputs is anything from 0 to 1, which the interval covers beside the scatter of finite
 * widths. Source: Karakida et al. 2019, theorem 4 (for a squared error); a is derived here.
 */
export function firstSharpness(model: ModelSketch, loss: LossSketch, training: TrainingSketch | undefined): Prediction {
  const stack = freshStack(model);
  if (typeof stack === "string") return notPredicted(stack, firstLearningRate);
  const { outputs, logits, squares, strays } = stack;
  const curvature = outputCurvature(loss, outputs);
  if (typeof curvature === "string") return notPredicted(curvature, firstLearningRate);
  if (loss.kind !== "meanSquaredError" && !(logits <= mostVariance)) {
    return notPredicted("the first outputs may be too large to know nothing", firstLearningRate);
  }
  const batch = largestBatch(training);
  const [least = NaN, most = NaN] = squares.map(({ one, pair }) => curvature * (pair + (one - pair) / batch));
  const factor = Math.exp(gaussianDecile * Math.sqrt(Math.max(...strays.map(({ gradient }) => gradient))));
  if (!(least > 0) || !Number.isFinite(most) || !Number.isFinite(factor)) {
    return notPredicted("how alike examples are matters too much, and is not in the text", firstLearningRate);
  }
  return {
    known: true,
    value: Math.sqrt(least * most),
    low: least / factor,
    high: most * factor,
    certainty: "interval",
    how: "an estimate: largest eigenvalue of the Gauss-Newton matrix of wide fresh layers",
    assumptions: [
      "Layers are wide, and weights independent as drawn.",
      "Inputs have a mean square of 1, as standardized ones have; their mean cosine is anything from 0 to 1.",
      "The part of the Hessian that goes with the errors is small, as it is in wide networks.",
    ],
    law: firstLearningRate,
  };
}

/** What is the same for every loss and every batch; a reason where it is no stack of dense layers. */
const freshStack = oncePer((model: ModelSketch) => {
  const stack = denseStack(model);
  if (typeof stack === "string") return stack;
  const { layers, fanIns, widths } = stack;
  const input = { meanSquare: 1, correlation: 1 };
  return {
    outputs: widths.at(-1) ?? NaN,
    logits: propagate(layers, input).at(-1)?.variance ?? NaN,
    /** For a mean cosine between inputs of 0, and of 1. */
    squares: [0, 1].map((correlation) => {
      const all = gradientSquares(layers, fanIns, { ...input, correlation });
      return { one: sum(all.map((each) => each.one)), pair: sum(all.map((each) => each.pair)) };
    }),
    strays: fluctuations(layers, widths, input),
  };
});

/** That at which an optimizer is just stable at a sharpness; unknown for adaptive ones, whose preconditioner is not known before a step. */
export function stableRate(optimizer: OptimizerSketch, sharpness: Prediction): Prediction {
  if (!sharpness.known) return sharpness;
  const known = optimizerFacts(optimizer);
  if (!known.known) return notPredicted(known.reason, firstLearningRate);
  if (known.facts.kind !== "sgd" && known.facts.kind !== "momentum") {
    return notPredicted(`the preconditioner of ${optimizer.call} is not known before it steps`, firstLearningRate);
  }
  const [value, low, high] = [sharpness.value, sharpness.high, sharpness.low].map((each) =>
    largestStableRate(known.facts, each),
  );
  if (value === undefined || low === undefined || high === undefined) {
    return notPredicted("no learning rate is stable at what the sharpness may be", firstLearningRate);
  }
  const how = `an estimate: the optimizer's limit at a first sharpness of ${sharpness.low.toPrecision(2)} to ${sharpness.high.toPrecision(2)}`;
  return { ...sharpness, value, low, high, how };
}

/** Why not, where it is none. */
function denseStack(model: ModelSketch): DenseStack | string {
  // Stacks with a dropout or a normalization are none of those below.
  const read = signalStages(model, true);
  if (!read.known) return read.reason;
  const { stages } = read;
  const other = stages.find(({ kind }) => kind !== "weights" && kind !== "activation");
  if (other !== undefined) {
    return other.kind === "obstacle" ? other.reason : "it is estimated of stacks of dense layers alone";
  }
  const layers: SignalLayer[] = [];
  const [fanIns, widths]: [number[], number[]] = [[], []];
  for (const stage of stages) {
    if (stage.kind !== "weights") continue;
    const layer = model.layers[stage.layer];
    if (layer?.kind !== "dense") return "it is estimated of stacks of dense layers alone";
    const fresh = freshWeights(layer);
    if (!fresh.known) return fresh.reason;
    const { weightVariance, biasVariance, width, fanIn } = fresh.value;
    layers.push({ activation: activationBehind(stage.layer, stages), weightVariance, biasVariance });
    fanIns.push(fanIn);
    widths.push(width);
  }
  if (layers.length > mostLayers) return `it is estimated of at most ${mostLayers} layers`;
  const last = layers.at(-1);
  // The last activation function is the loss's business.
  if (last !== undefined) layers[layers.length - 1] = { ...last, activation: "linear" };
  return { layers, fanIns, widths };
}

/** Largest second derivative of an example's loss by its outputs, before anything is learned; why not, where it is not known. */
function outputCurvature({ kind, reduction }: LossSketch, outputs: number): number | string {
  if (!reduction.known) return reduction.reason;
  if (reduction.value !== "mean") return "the loss is no mean over examples, and how many there are matters";
  switch (kind) {
    case "crossEntropy":
    case "negativeLogLikelihood":
      return 1 / outputs;
    case "binaryCrossEntropy":
      return 1 / (4 * outputs);
    case "meanSquaredError":
      return 2 / outputs;
    case "meanAbsoluteError":
    case "huber":
    case "hinge":
    case "kullbackLeibler":
    case "cosine":
    case "other":
      return "it is estimated of cross-entropies and squared errors only";
  }
}

/** The more examples there are in a step, the less one of them counts. */
function largestBatch(training: TrainingSketch | undefined): number {
  const { batchSize, batchLimit } = training ?? {};
  if (batchSize?.known === true) return batchSize.value;
  return batchLimit?.known === true ? batchLimit.value : Infinity;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, each) => total + each, 0);
}
