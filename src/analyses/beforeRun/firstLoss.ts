/** The loss before the first step, read off a model's last layer and the loss that it is trained on. */
import type { ActivationName, LayerSketch } from "../../source/sketch/layerSketch.ts";
import type { LossKind, LossSketch } from "../../source/sketch/trainingSketch.ts";
import type { ModelSketch } from "../../source/sketch/modelSketch.ts";
import { gaussianDecile } from "../../theory/bootstrap.ts";
import { crossEntropyAtInitialization, stepZeroLoss } from "../../theory/solvable/stepZeroLoss.ts";
import { saidOfInputs, type ModelInputs } from "./modelInputs.ts";
import { notPredicted, type Prediction } from "./prediction.ts";

/** What the expansion that L09 rests on leaves out, relative. */
const margin = 0.02;

export interface FirstOutputs {
  /** The largest variance of a logit to be expected; a reason where it is not known. */
  readonly logits: number | string;
  readonly inputs: ModelInputs;
  /** B; undefined where it is not known, and taken for many. */
  readonly batch: number | undefined;
}

/**
 * In nats. By Jensen's inequality the expected cross-entropy of logits that know nothing of the labels lies between ln C and
 * ln C + σ²/2, σ² their variance over the classes, however large that is. Of C logits drawn once, σ² itself scatters as χ² with
 * C − 1 degrees of freedom, by √(2/(C − 1)) of its mean. The labels of a batch of B let the loss scatter by σ/√B.
 */
export function firstLoss(model: ModelSketch, loss: LossSketch, { logits, inputs, batch }: FirstOutputs): Prediction {
  if (!model.fresh.known) return notPredicted(model.fresh.reason, stepZeroLoss);
  if (!loss.reduction.known) return notPredicted(loss.reduction.reason, stepZeroLoss);
  if (loss.reduction.value !== "mean") {
    return notPredicted("the loss is no mean over examples, and how many there are matters", stepZeroLoss);
  }
  const classes = classesOf(model, loss);
  if (typeof classes === "string") return notPredicted(classes, stepZeroLoss);
  const mismatch = mismatchOf(model, loss);
  if (mismatch !== undefined) return notPredicted(mismatch, stepZeroLoss);
  if (typeof logits === "string") {
    return notPredicted(`how large the first logits are is not known: ${logits}`, stepZeroLoss);
  }
  // Of two classes with one logit z, the other being 0, σ² is z²/4.
  const variance = loss.kind === "binaryCrossEntropy" ? logits / 4 : logits;
  const largest = variance * (1 + gaussianDecile * Math.sqrt(2 / Math.max(1, classes - 1)));
  const [low, high] = [crossEntropyAtInitialization(classes, 0), crossEntropyAtInitialization(classes, largest)];
  const labels = gaussianDecile * Math.sqrt(variance / (batch ?? Infinity));
  return {
    known: true,
    value: (low + high) / 2,
    low: low * (1 - margin) - labels,
    high: high * (1 + margin) + labels,
    certainty: "interval",
    how: `ln ${classes} to ln ${classes} + σ²/2, σ² of the logits at most ${largest.toPrecision(2)}`,
    assumptions: [
      "Labels and initial logits are independent: nothing is pretrained.",
      saidOfInputs(inputs, "Inputs have a mean square of at most 1, as standardized ones and pixels from 0 to 1 have."),
      ...(batch === undefined ? ["The batch, which the text does not state, is large."] : []),
    ],
    law: stepZeroLoss,
  };
}

/** Why not, where it is not known. */
function classesOf(model: ModelSketch, loss: LossSketch): number | string {
  const outputs = outputsOf(model);
  switch (loss.kind) {
    case "binaryCrossEntropy":
      return 2;
    case "crossEntropy":
    case "negativeLogLikelihood":
      if (typeof outputs === "number" && outputs < 2) return "a cross-entropy over one class is always zero";
      return outputs;
    case "meanSquaredError":
    case "meanAbsoluteError":
    case "huber":
      return "the first error depends on the targets, which are not read";
    case "hinge":
    case "kullbackLeibler":
    case "cosine":
    case "other":
      return "it is predicted of cross-entropies only";
  }
}

/** What a model must end in for the loss to be that of its own outputs, and of logits that are as they were computed. */
const endings: Readonly<
  Partial<Record<LossKind, { readonly ofLogits?: ActivationName; readonly else: ActivationName }>>
> = {
  binaryCrossEntropy: { ofLogits: "linear", else: "sigmoid" },
  negativeLogLikelihood: { else: "logSoftmax" },
  crossEntropy: { else: "softmax" },
};

/** Why a loss is not that of what a model gives; undefined where it may be. */
function mismatchOf({ layers, complete }: ModelSketch, { kind, call, fromLogits }: LossSketch): string | undefined {
  const asked = endings[kind];
  if (!complete.known) return complete.reason;
  if (asked === undefined) return undefined;
  if (!fromLogits.known) return fromLogits.reason;
  const ending = fromLogits.value ? asked.ofLogits : asked.else;
  if (ending === undefined) return undefined;
  const last = layers.findLast((layer) => layer.used && layer.kind !== "dropout");
  const activation = last !== undefined && "activation" in last ? last.activation : undefined;
  if (activation?.known === false) return activation.reason;
  const found = activation?.value ?? "linear";
  return found === ending ? undefined : `${call} asks for what ends in ${ending}, and the model ends in ${found}`;
}

/** Of the last layer that decides how many there are. */
function outputsOf({ layers, complete, flow }: ModelSketch): number | string {
  if (!complete.known) return complete.reason;
  if (!flow.known) return flow.reason;
  const last = layers.findLast((layer) => layer.used && !keepsOutputs(layer));
  if (last?.kind !== "dense") return "its last layer is not a dense one";
  return last.units.known ? last.units.value : last.units.reason;
}

function keepsOutputs({ kind }: LayerSketch): boolean {
  return kind === "activation" || kind === "dropout";
}
