/** How sharp the loss is before the first step, estimated from the text, and the largest learning rate that is stable there. */
import type { ModelSketch } from "../../source/sketch/modelSketch.ts";
import type { LossSketch, OptimizerSketch, TrainingSketch } from "../../source/sketch/trainingSketch.ts";
import { gaussianDecile } from "../../theory/bootstrap.ts";
import { firstLearningRate } from "../../theory/hyperparameters/firstLearningRate.ts";
import { freshCurvature } from "../../theory/limits/freshCurvature.ts";
import { fluctuations, propagate } from "../../theory/limits/signalPropagation.ts";
import { curvedLayers } from "./curvedLayers.ts";
import { optimizerFacts } from "./optimizerFacts.ts";
import { inputsOf, oncePerInputs, saidOfInputs, whyNotFed } from "./modelInputs.ts";
import { notPredicted, type Prediction } from "./prediction.ts";
import { largestStableRate } from "./stabilityCeiling.ts";

/** Variance of the logits beyond which their softmax is not that of knowing nothing. */
const mostVariance = 1;

/** Ratio of the ends of an interval beyond which it says nothing that one would act on. */
const mostOpen = 1000;

const tooLarge = "the first outputs may be too large to know nothing";

/**
 * The largest eigenvalue of the Hessian of a mean loss over a wide stack of dense layers and convolutions with fresh weights, in loss per squared
 * parameter: from that of the Gauss-Newton matrix to that and what the errors add (see `freshCurvature`). a is 1/C of a softmax over C classes that
 * knows nothing, ¼ of a sigmoid, 2/o of a mean squared error over o outputs. The mean cosine between inputs is anything from 0 to 1, which the
 * interval covers beside the scatter of finite widths.
 */
export function firstSharpness(model: ModelSketch, loss: LossSketch, training: TrainingSketch | undefined): Prediction {
  const inputs = inputsOf(training === undefined ? [] : [training]);
  const stack = freshStack(model, inputs);
  if (typeof stack === "string") return notPredicted(stack, firstLearningRate);
  const { apart, alike, strays, isPooled } = stack;
  const [fewest, most] = batchBetween(training);
  const of = byOutputs(loss, stack, fewest);
  if (typeof of === "string") return notPredicted(of, firstLearningRate);
  const factor = Math.exp(gaussianDecile * Math.sqrt(Math.max(...strays.map(({ gradient }) => gradient))));
  const low = (of.curvature * (apart.pair + (apart.one - apart.pair) / most)) / factor;
  const high = of.curvature * alike.one * factor + of.slope * alike.bent;
  if (!(high < mostOpen * low) || !Number.isFinite(factor)) {
    return notPredicted("how alike examples are matters too much, and is not in the text", firstLearningRate);
  }
  return {
    known: true,
    value: Math.sqrt(low * high),
    low,
    high,
    certainty: "interval",
    how: "an estimate: largest eigenvalue of the Hessian of wide fresh layers",
    assumptions: [
      "Layers are wide, and weights independent as drawn.",
      saidOfInputs(inputs, "Inputs have a mean square of 1, as standardized ones have."),
      "The mean cosine between inputs is anything from 0 to 1.",
      ...(isPooled ? ["Places that are pooled are anything from independent to equal."] : []),
      loss.kind === "meanSquaredError"
        ? "Targets have a mean square of at most 1, as standardized ones have."
        : "A batch has as many examples of one class as of another.",
    ],
    law: firstLearningRate,
  };
}

interface FreshOutputs {
  readonly outputs: number;
  /** Largest variance of one. */
  readonly logits: number;
}

interface ByOutputs {
  /** a */
  readonly curvature: number;
  /** ρ */
  readonly slope: number;
}

/** What is the same for every loss and every batch; a reason where it is no stack of dense layers and convolutions. */
const freshStack = oncePerInputs((model, inputs) => {
  const reason = whyNotFed(inputs);
  if (reason !== undefined) return reason;
  const [least, most] = [curvedLayers(model, "the same"), curvedLayers(model, "independent")];
  if (typeof least === "string") return least;
  if (typeof most === "string") return most;
  const input = { meanSquare: inputs.square, correlation: 1 };
  const widths = most.map(({ width }) => width);
  return {
    outputs: widths.at(-1) ?? NaN,
    logits: propagate(most, input).at(-1)?.variance ?? NaN,
    /** For a mean cosine between inputs of 0, and of 1. */
    apart: freshCurvature(least, { ...input, correlation: 0 }),
    alike: freshCurvature(most, input),
    strays: fluctuations(most, widths, input),
    isPooled: model.layers.some(({ kind, used }) => used && kind === "pooling"),
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

/**
 * What a loss makes of an example's outputs before anything is learned; a reason where that is not known. `slope` is ρ, in the direction in which it
 * goes most with the inputs: of a softmax and classes that are met alike often its mean over a batch of B has a norm of 1/√B, and means over classes
 * differ by 1/C; of a sigmoid, and of the errors of targets, the inputs may tell everything.
 */
function byOutputs(
  { kind, reduction }: LossSketch,
  { outputs, logits }: FreshOutputs,
  batch: number,
): ByOutputs | string {
  if (!reduction.known) return reduction.reason;
  if (reduction.value !== "mean") return "the loss is no mean over examples, and how many there are matters";
  const knowsNothing = logits <= mostVariance;
  switch (kind) {
    case "crossEntropy":
    case "negativeLogLikelihood":
      return knowsNothing ? { curvature: 1 / outputs, slope: 1 / outputs + 1 / Math.sqrt(batch) } : tooLarge;
    case "binaryCrossEntropy":
      return knowsNothing ? { curvature: 1 / (4 * outputs), slope: 1 / (2 * outputs) } : tooLarge;
    case "meanSquaredError":
      return { curvature: 2 / outputs, slope: (2 * Math.sqrt(1 + logits)) / outputs };
    case "meanAbsoluteError":
    case "huber":
    case "hinge":
    case "kullbackLeibler":
    case "cosine":
    case "other":
      return "it is estimated of cross-entropies and squared errors only";
  }
}

/** Fewest and most examples of a step: the more there are, the less one of them counts. */
function batchBetween({ batchSize, batchLimit }: Partial<TrainingSketch> = {}): readonly [number, number] {
  if (batchSize?.known === true) return [batchSize.value, batchSize.value];
  return [1, batchLimit?.known === true ? batchLimit.value : Infinity];
}
