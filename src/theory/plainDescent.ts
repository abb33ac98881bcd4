/** What laws of gradient descent itself ask of a run's optimizer, batch and objective. */
import type { RegimeCheck } from "./law.ts";
import { constantLearningRate, largeBatch, oneOptimizer, undecayedDescent } from "./regime.ts";
import type { RunView } from "./runView.ts";

/** Gradient descent on the whole data set, on nothing but the loss, without momentum unless that is allowed. */
export function plainDescentChecks(view: RunView, mayHave: "momentum" | "no momentum"): readonly RegimeCheck[] {
  const { objective } = view;
  const known = objective !== undefined && objective.kind !== "unknown";
  return [
    oneOptimizer(view),
    undecayedDescent(view, mayHave),
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
