/** Losses of TensorFlow.js. */
import type { Given } from "../interpret/given.ts";
import { numberOf } from "../interpret/value.ts";
import type { SourceRange } from "../places.ts";
import { ofFramework, unstated, type Known } from "../sketch/known.ts";
import type { LossKind, LossSketch } from "../sketch/trainingSketch.ts";

/** Kind, and whether it takes logits. */
type Facts = readonly [kind: LossKind, fromLogits: boolean];

/** `compile({ loss: "name" })`: these take what the model gives for probabilities. */
const byName: Readonly<Record<string, Facts>> = {
  meanSquaredError: ["meanSquaredError", false],
  mse: ["meanSquaredError", false],
  meanAbsoluteError: ["meanAbsoluteError", false],
  mae: ["meanAbsoluteError", false],
  categoricalCrossentropy: ["crossEntropy", false],
  sparseCategoricalCrossentropy: ["crossEntropy", false],
  binaryCrossentropy: ["binaryCrossEntropy", false],
  hinge: ["hinge", false],
  squaredHinge: ["hinge", false],
  categoricalHinge: ["hinge", false],
  kullbackLeiblerDivergence: ["kullbackLeibler", false],
  cosineProximity: ["cosine", false],
};

/** `tf.losses.name(labels, predictions, …)`; averaged over all entries unless it is told otherwise. */
const functions: Readonly<Record<string, Facts>> = {
  meanSquaredError: ["meanSquaredError", false],
  absoluteDifference: ["meanAbsoluteError", false],
  softmaxCrossEntropy: ["crossEntropy", true],
  sigmoidCrossEntropy: ["binaryCrossEntropy", true],
  logLoss: ["binaryCrossEntropy", false],
  huberLoss: ["huber", false],
  hingeLoss: ["hinge", false],
  cosineDistance: ["cosine", false],
};

/** Where a function of `tf.losses` takes how to reduce. */
const placeOfReduction: Readonly<Record<string, number>> = {
  meanSquaredError: 3,
  absoluteDifference: 3,
  softmaxCrossEntropy: 4,
  sigmoidCrossEntropy: 4,
  logLoss: 4,
  huberLoss: 4,
  hingeLoss: 3,
  cosineDistance: 4,
};

export function lossNamed(name: string, range: SourceRange): LossSketch {
  const facts = Object.hasOwn(byName, name)
    ? byName[name]
    : Object.hasOwn(functions, name)
      ? functions[name]
      : undefined;
  return sketch(facts ?? ["other", undefined], name, range, ofFramework("mean"), ofFramework(0));
}

/** Undefined for a function that is no loss. */
export function lossFunction(name: string, given: Given): LossSketch | undefined {
  const facts = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (facts === undefined) return undefined;
  const smooths = name === "softmaxCrossEntropy" || name === "sigmoidCrossEntropy";
  const smoothing = smooths ? numberOf(given.get(3, ""), ofFramework(0)) : ofFramework(0);
  const asked = given.get(placeOfReduction[name] ?? 3, "");
  const weighted = given.get(2, "") !== undefined;
  const reduction: Known<"mean"> =
    asked === undefined && !weighted
      ? ofFramework("mean")
      : unstated(weighted ? "examples have weights" : "how it is reduced is not followed");
  return sketch(facts, name, given.range, reduction, smoothing);
}

function sketch(
  [kind, fromLogits]: readonly [LossKind, boolean | undefined],
  call: string,
  range: SourceRange,
  reduction: Known<"mean" | "sum" | "none">,
  labelSmoothing: Known<number>,
): LossSketch {
  const logits = fromLogits === undefined ? unstated(`${call} is not known`, range) : ofFramework(fromLogits);
  return { kind, call, range, fromLogits: logits, reduction, labelSmoothing };
}
