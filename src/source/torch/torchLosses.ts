/** Losses of PyTorch. */
import type { Given } from "../interpret/given.ts";
import { numberOf, textOf } from "../interpret/value.ts";
import { ofFramework, unstated, type Known } from "../sketch/known.ts";
import type { LossKind, LossSketch } from "../sketch/trainingSketch.ts";

/** The function, the class, the kind, and whether it takes logits. */
const losses: readonly (readonly [name: string, className: string, kind: LossKind, fromLogits: boolean])[] = [
  ["cross_entropy", "CrossEntropyLoss", "crossEntropy", true],
  ["nll_loss", "NLLLoss", "negativeLogLikelihood", false],
  ["mse_loss", "MSELoss", "meanSquaredError", false],
  ["l1_loss", "L1Loss", "meanAbsoluteError", false],
  ["smooth_l1_loss", "SmoothL1Loss", "huber", false],
  ["huber_loss", "HuberLoss", "huber", false],
  ["binary_cross_entropy", "BCELoss", "binaryCrossEntropy", false],
  ["binary_cross_entropy_with_logits", "BCEWithLogitsLoss", "binaryCrossEntropy", true],
  ["kl_div", "KLDivLoss", "kullbackLeibler", false],
  ["hinge_embedding_loss", "HingeEmbeddingLoss", "hinge", false],
  ["multi_margin_loss", "MultiMarginLoss", "hinge", false],
  ["cosine_embedding_loss", "CosineEmbeddingLoss", "cosine", false],
  ["gaussian_nll_loss", "GaussianNLLLoss", "other", false],
  ["ctc_loss", "CTCLoss", "other", false],
  ["triplet_margin_loss", "TripletMarginLoss", "other", false],
];

const takesWeights: readonly string[] = [
  "cross_entropy",
  "nll_loss",
  "binary_cross_entropy",
  "binary_cross_entropy_with_logits",
];

/** A loss by the name of its function or its class; undefined for a name that is none. */
export function torchLoss(name: string, given: Given): LossSketch | undefined {
  const found = losses.find(([functionName, className]) => functionName === name || className === name);
  if (found === undefined) return undefined;
  const [functionName, , kind, fromLogits] = found;
  const asked = textOf(given.by("reduction"), ofFramework("mean"));
  const smoothing =
    functionName === "cross_entropy" ? numberOf(given.by("label_smoothing"), ofFramework(0)) : ofFramework(0);
  // Their weights come first, behind what the function is computed of.
  const place = name === functionName ? 2 : 0;
  const weights = takesWeights.includes(functionName) ? given.get(place, "weight") : given.by("weight");
  const weighted = weights !== undefined || given.by("pos_weight") !== undefined;
  return {
    kind,
    call: name,
    range: given.range,
    fromLogits: ofFramework(fromLogits),
    reduction: weighted ? unstated("classes have weights", given.range) : reductionOf(asked),
    labelSmoothing: smoothing,
  };
}

function reductionOf(asked: Known<string>): Known<"mean" | "sum" | "none"> {
  if (!asked.known) return asked;
  const { value } = asked;
  if (value === "mean" || value === "sum" || value === "none") return { ...asked, value };
  return unstated(`${value} is not followed`, asked.range);
}
