/**
 * What a change of the batch asks of an optimizer, so that the loss against examples stays as it was. Pure arithmetic, for any batch
 * that is still dominated by gradient noise.
 *
 * With κ = B′/B, the learning rate η, decay rates β of averages, ε added to a root, and weight decay λ:
 *
 *   gradient descent, with any momentum   η·κ                                        steps/κ
 *   RMSProp                               η·√κ, 1−ρ → κ(1−ρ), ε/√κ                   steps/κ
 *   Adam, AdamW                           η·√κ, 1−β → κ(1−β) for both, ε/√κ          steps/κ
 *
 * Decay that is added to the gradient keeps its λ, as the gradient keeps its size. Decoupled decay, which takes ηλ of a weight a step,
 * takes as much over as many examples where ηλ grows by κ: λ stays under gradient descent, and grows by √κ under the adaptive ones.
 *
 * Sources: Goyal et al. 2017, sec. 2.1 (linear rule); Malladi et al. 2022, def. 4.3 and 5.3 (square-root rule, without decay). What decay
 * asks for was derived here, from the pull of the decay against the drift of the gradient over as many examples.
 */
import type { OptimizerKind, ParameterGroup } from "../facts.ts";

/** What is set of an optimizer. */
export type OptimizerSetting = Omit<ParameterGroup, "parameters">;

export interface BatchTransfer {
  readonly setting: OptimizerSetting;
  /** Optimizer steps over those before, for as many examples. */
  readonly steps: number;
}

/** A transfer that the rules do not allow or do not know, and why, as a sentence. */
export interface NoTransfer {
  readonly refusal: string;
}

type Rule = "linear" | "squareRoot";

/** Undefined for optimizers of which no rule is known. */
export function batchRule(kind: OptimizerKind): Rule | undefined {
  switch (kind) {
    case "sgd":
    case "momentum":
      return "linear";
    case "rmsprop":
    case "adam":
    case "adamw":
      return "squareRoot";
    case "adamax":
    case "adagrad":
    case "adadelta":
    case "nadam":
    case "other":
      return undefined;
  }
}

/**
 * The learning rate that a batch asks for, over that of another.
 *
 * @param factor κ, the one batch over the other
 */
export function batchRateFactor(rule: Rule, factor: number): number {
  return rule === "linear" ? factor : Math.sqrt(factor);
}

/**
 * The setting with which an optimizer treats batches that are `factor` times as large as it does now. An average's decay that is not
 * set stays unset. ε is taken as added to the root; where it stands within, as in the RMSProp of TensorFlow.js, it goes with 1/κ.
 *
 * @param factor κ > 0
 */
export function transferBatch(
  kind: OptimizerKind,
  setting: OptimizerSetting,
  factor: number,
): BatchTransfer | NoTransfer {
  const rule = batchRule(kind);
  if (!(factor > 0 && factor < Infinity)) return { refusal: "The batches' ratio is not a positive number." };
  if (rule === undefined) return { refusal: `No rule is known for this optimizer (${kind}).` };
  const learningRate = setting.learningRate * batchRateFactor(rule, factor);
  if (rule === "linear") return { setting: { ...setting, learningRate }, steps: 1 / factor };
  const most = largestFactor(setting);
  if (!(factor < most)) {
    const text = `Averages over so few steps do not exist: 1 − β would be ${(factor / most).toPrecision(2)}. The batch may grow by less than ${most.toPrecision(3)}.`;
    return { refusal: text };
  }
  const { beta1, beta2, rho, epsilon, weightDecay } = setting;
  const decoupled =
    setting.weightDecayForm === "decoupled" || (setting.weightDecayForm === undefined && kind === "adamw");
  return {
    setting: {
      ...setting,
      learningRate,
      ...(beta1 !== undefined && { beta1: decayAfter(beta1, factor) }),
      ...(beta2 !== undefined && { beta2: decayAfter(beta2, factor) }),
      ...(rho !== undefined && { rho: decayAfter(rho, factor) }),
      ...(epsilon !== undefined && { epsilon: epsilon / Math.sqrt(factor) }),
      ...(weightDecay !== undefined && decoupled && { weightDecay: weightDecay * Math.sqrt(factor) }),
    },
    steps: 1 / factor,
  };
}

/** What an adaptive optimizer's batch cannot grow by: there 1 − β of its shortest average comes to 1. */
export function largestFactor({ beta1, beta2, rho }: OptimizerSetting): number {
  const shortest = Math.min(...[beta1, beta2, rho].filter((decay) => decay !== undefined && decay > 0).map(Number));
  return shortest === Infinity ? Infinity : 1 / (1 - shortest);
}

/** An average that is none, with β = 0, stays none. */
function decayAfter(decay: number, factor: number): number {
  return decay === 0 ? 0 : 1 - factor * (1 - decay);
}
