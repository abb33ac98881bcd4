import type { Need, Regime, RegimeCheck } from "./law.ts";
import type { RunView } from "./runView.ts";
import { batchOf } from "./stepBatch.ts";

/** Sums up checks: one that fails puts the run outside, one that could not be made leaves it unknown. */
export function regimeOf(checks: readonly RegimeCheck[]): Regime {
  const anyIs = (holds: boolean | "unknown") => checks.some((check) => check.holds === holds);
  return { status: anyIs(false) ? "outside" : anyIs("unknown") ? "unknown" : "inside", checks };
}

/** What in a regime could not be checked, as assumptions of a forecast that is made all the same. */
export function unchecked(regime: Regime): readonly string[] {
  return regime.checks
    .filter((check) => check.holds === "unknown")
    .map((check) => `Not checked, and taken for granted: ${check.condition} (${check.saw}).`);
}

/** The first condition that fails, with what was seen, as part of a sentence. */
export function firstFailure(regime: Regime): string | undefined {
  const failed = regime.checks.find((check) => check.holds === false);
  return failed && `${failed.condition} (${failed.saw})`;
}

export function needSeries(what: string, observable: string): Need {
  return { what, met: (view) => view.series(observable).length > 0 };
}

export const needOptimizer: Need = { what: "an optimizer", met: (view) => view.optimizer !== undefined };

export const needObjective: Need = { what: "the loss's form", met: (view) => view.objective !== undefined };

export function oneOptimizer(view: RunView): RegimeCheck {
  return {
    condition: "one optimizer trains the model",
    holds: view.optimizers === 1,
    saw: `${view.optimizers} seen`,
  };
}

/** Gradient descent on nothing but the loss; momentum unless it must have none. */
export function undecayedDescent(view: RunView, mayHave: "momentum" | "no momentum"): RegimeCheck {
  const { optimizer } = view;
  const groups = optimizer?.groups ?? [];
  const hasMomentum = groups.some(({ momentum = 0 }) => momentum !== 0);
  return {
    condition: `the optimizer is gradient descent${mayHave === "momentum" ? ", plain or with momentum" : " without momentum"}, and weights do not decay`,
    holds:
      (optimizer?.kind === "sgd" || optimizer?.kind === "momentum") &&
      (mayHave === "momentum" || !hasMomentum) &&
      groups.every(({ weightDecay = 0 }) => weightDecay === 0),
    saw: optimizer?.name ?? "none",
  };
}

export function squaredError({ objective }: RunView): RegimeCheck {
  const isRegularized = objective?.regularized === true;
  const isSquared = objective?.kind === "unknown" ? "unknown" : objective?.kind === "meanSquaredError";
  return {
    condition: "the loss is a squared error, without a penalty",
    holds: !isRegularized && isSquared,
    saw: isRegularized ? "regularized" : (objective?.kind ?? "unknown"),
  };
}

export function constantLearningRate(view: RunView): RegimeCheck {
  const schedule = view.optimizer?.schedule;
  return {
    condition: "the learning rate is constant",
    holds: schedule === undefined ? "unknown" : schedule === "constant",
    saw: schedule === undefined ? "no optimizer seen" : schedule === "constant" ? "constant so far" : "it moves",
  };
}

/** Whether a step sees at least a share of the training examples; 1 asks for all of them. */
export function largeBatch(view: RunView, share: number, condition: string): RegimeCheck {
  const { fullBatch, examples } = view.data ?? {};
  const batch = batchOf(view);
  if (fullBatch === true) return { condition, holds: true, saw: "full batch" };
  if (batch !== undefined && examples !== undefined) {
    return { condition, holds: batch >= share * examples, saw: `${batch} of ${examples} examples` };
  }
  return { condition, holds: "unknown", saw: `batch ${batch ?? "unknown"}, data set of unknown size` };
}

export function finiteLoss(view: RunView): RegimeCheck {
  const loss = view.series("loss/train");
  const last = loss.length === 0 ? undefined : loss.valueAt(loss.length - 1);
  return {
    condition: "the loss is finite",
    holds: last === undefined ? "unknown" : Number.isFinite(last),
    saw: last === undefined ? "no loss yet" : `${last}`,
  };
}
