/** What laws of gradient descent itself ask of a run's optimizer, batch and objective. */
import type { RegimeCheck } from "./law.ts";
import { constantLearningRate, largeBatch, oneOptimizer } from "./regime.ts";
import type { RunView } from "./runView.ts";

/** Gradient descent on the whole data set, on nothing but the loss, without momentum unless that is allowed. */
export function plainDescentChecks(view: RunView, mayHave: "momentum" | "no momentum"): readonly RegimeCheck[] {
  const { optimizer, objective } = view;
  const groups = optimizer?.groups ?? [];
  const hasMomentum = groups.some(({ momentum = 0 }) => momentum !== 0);
  const isDescent = optimizer?.kind === "sgd" || optimizer?.kind === "momentum";
  const known = objective !== undefined && objective.kind !== "unknown";
  return [
    oneOptimizer(view),
    {
      condition: `the optimizer is gradient descent${mayHave === "momentum" ? "" : " without momentum"}, and weights do not decay`,
      holds:
        isDescent &&
        (mayHave === "momentum" || !hasMomentum) &&
        groups.every(({ weightDecay = 0 }) => weightDecay === 0),
      saw: optimizer?.name ?? "none",
    },
    constantLearningRate(view),
    largeBatch(view, 1, "every step sees the whole data set"),
    {
      condition: "no weight penalty is part of the loss",
      holds: objective?.regularized === true ? false : known ? true : "unknown",
      saw: objective?.regularized === true ? "regularized" : known ? "none" : "a loss of unknown form",
    },
  ];
}

/** η; NaN where groups have rates of their own. */
export function learningRateOf(view: RunView): number {
  const rates = new Set((view.optimizer?.groups ?? []).map(({ learningRate }) => learningRate));
  const [rate = NaN] = rates;
  return rates.size === 1 ? rate : NaN;
}
