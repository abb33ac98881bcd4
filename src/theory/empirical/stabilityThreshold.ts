/**
 * The largest curvature at which an optimizer's own linear recurrence is stable. On a quadratic with eigenvalue h, every
 * rule below is a linear recurrence in (w, v); as h grows, its first root to leave the unit circle does so at −1, and
 * setting z = −1 in the characteristic polynomial gives h. With learning rate η and decoupled weight decay λ:
 *
 *   gradient descent                 w ← (1−ηλ)w − ηg                      (2−ηλ)/η
 *   heavy ball                       v ← βv + g, w ← (1−ηλ)w − ηv          (2−ηλ)(1+β)/η
 *   Nesterov, in PyTorch's form      w ← (1−ηλ)w − η(g + βv)               (2−ηλ)(1+β)/((1+2β)η)
 *   RMSProp with momentum μ          the heavy ball on g/P                 (2−ηλ)(1+μ)/η
 *   Adam, AdamW                      v ← β₁v + (1−β₁)g, w ← … − ηv/P       (2−ηλ)(1+β₁)/((1−β₁)η)
 *   NAdam                            Nesterov on Adam's average            (2−ηλ)(1+β₁)/((1−β₁)(1+2β₁)η)
 *
 * For the adaptive ones h is an eigenvalue of P^−½HP^−½ with the preconditioner P held still. Decay that is added to the
 * gradient (coupled, L2) adds λ to H, so that λ comes off the threshold on H itself.
 *
 * Sources: Cohen et al. 2021, eq. 1 and app. B (gradient descent, momentum); Cohen et al. 2022, sec. 2 (adaptive).
 * TensorFlow.js 4.22 writes momentum and Nesterov in exactly this form, and RMSProp's momentum as the heavy ball on ηg/P.
 */
import type { OptimizerFacts, ParameterGroup } from "../facts.ts";

export interface StabilityThreshold {
  readonly observable: "sharpness/batch" | "sharpness/preconditioned";
  /** In units of the observable: loss per squared parameter, or per squared preconditioned parameter. */
  readonly value: number;
  /** As a person writes it: "2/η". */
  readonly formula: string;
}

/** The threshold without decay is twice `half`; `suffix` is its formula without the factor 2, as "(1+β)/η". */
interface Form {
  readonly half: number;
  readonly suffix: string;
  readonly adaptive: boolean;
}

/**
 * The threshold of an optimizer as it steps with `learningRate`, by default its groups' own. Undefined where none is
 * known, and where groups would have thresholds of their own. Bias correction is left out: it matters for the first
 * 1/(1−β₁) steps of Adam.
 */
export function stabilityThreshold(optimizer: OptimizerFacts, learningRate?: number): StabilityThreshold | undefined {
  const [first, ...others] = optimizer.groups.map((group) =>
    groupThreshold(optimizer, group, learningRate ?? group.learningRate),
  );
  if (first === undefined || others.some((other) => other?.value !== first.value)) return undefined;
  return first;
}

function groupThreshold(
  optimizer: OptimizerFacts,
  group: ParameterGroup,
  learningRate: number,
): StabilityThreshold | undefined {
  const form = formOf(optimizer, group, learningRate);
  if (form === undefined || !(learningRate > 0) || !Number.isFinite(learningRate)) return undefined;
  const observable = form.adaptive ? "sharpness/preconditioned" : "sharpness/batch";
  const decay = group.weightDecay ?? 0;
  if (decay === 0) return { observable, value: 2 * form.half, formula: `2${form.suffix}` };
  const decayForm = group.weightDecayForm ?? (optimizer.kind === "adamw" ? "decoupled" : undefined);
  if (decayForm === "decoupled") {
    return { observable, value: (2 - learningRate * decay) * form.half, formula: `(2−ηλ)${form.suffix}` };
  }
  // λ/P is no multiple of the identity: with coupled decay the threshold on the loss's own preconditioned H is not known.
  if (decayForm === undefined || form.adaptive) return undefined;
  return { observable, value: 2 * form.half - decay, formula: `2${form.suffix}−λ` };
}

function formOf(optimizer: OptimizerFacts, group: ParameterGroup, rate: number): Form | undefined {
  switch (optimizer.kind) {
    case "sgd":
    case "momentum": {
      const beta = group.momentum ?? 0;
      if (beta === 0) return { half: 1 / rate, suffix: "/η", adaptive: false };
      if (group.nesterov !== true) return { half: (1 + beta) / rate, suffix: "(1+β)/η", adaptive: false };
      return { half: (1 + beta) / ((1 + 2 * beta) * rate), suffix: "(1+β)/((1+2β)η)", adaptive: false };
    }
    case "rmsprop": {
      // The centred form divides by another root, which TensorFlow.js even lets become that of a negative number.
      if (group.centered === true) return undefined;
      const momentum = group.momentum ?? 0;
      return { half: (1 + momentum) / rate, suffix: momentum === 0 ? "/η" : "(1+μ)/η", adaptive: true };
    }
    case "adam":
    case "adamw":
    case "nadam": {
      const beta = group.beta1;
      if (beta === undefined || !(beta >= 0 && beta < 1)) return undefined;
      const adam = (1 + beta) / ((1 - beta) * rate);
      if (optimizer.kind !== "nadam") return { half: adam, suffix: "(1+β₁)/((1−β₁)η)", adaptive: true };
      return { half: adam / (1 + 2 * beta), suffix: "(1+β₁)/((1−β₁)(1+2β₁)η)", adaptive: true };
    }
    case "adamax":
    case "adagrad":
    case "adadelta":
    case "other":
      return undefined;
  }
}
