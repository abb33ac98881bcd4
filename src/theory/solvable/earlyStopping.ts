/**
 * L07: early stopping. The time of descent acts as the inverse of a ridge penalty, so that a kernel method or a linear model that goes on for too long fits the
 * noise: the loss on unseen examples falls, is least at some step, and rises again, the more the nearer the number of weights is to that of examples
 * (double descent). The kernel on the training examples tells the whole curve, as in L05, and with it the step.
 *
 * Sources: Ali, Kolter and Tibshirani 2019 (descent for a time t is nearly ridge regression with penalty 1/t); Hastie et al. 2022 (the rise at interpolation,
 * and its peak where weights and examples are as many). The curve is that of `unseenLoss`; it gives both here without their isotropic inputs.
 *
 * Assumes what L05 does.
 *
 * Forecasts, once, where the curve rises again by a fifth at least and its least is still to come: the step of the least validation loss.
 *
 * Interval: the steps at which the curve is within 6 % of its least. Between such the choice hardly matters. In 152 linear regressions in float64 (50 to 150
 * examples, as many for the validation, 60 to 300 inputs, flat to steep spectra, noise) 77 % of the least losses lay in that of 5 % and 91 % in that
 * of 10 %; the median of the ratio of the steps was 1.0.
 */
import type { Forecast, Law, Verdict } from "../law.ts";
import type { Linearization } from "../limits/linearization.ts";
import { learningRateOf } from "../plainDescent.ts";
import { firstFailure, regimeOf, unchecked } from "../regime.ts";
import type { RunView, Series } from "../runView.ts";
import { unmeasured, verdictOn } from "../score.ts";
import { descentModel, farthestStep, kernelSeen, needUnseen, unseenChecks } from "./kernelRegression.ts";
import { unseenLoss } from "./unseenLoss.ts";

const observable = "loss/validation";

/** Ratio of the steps at which the curve is looked at. */
const spacing = 1.15;

/** By what the curve must rise again, and within what of its least the steps are that the interval spans. */
const rise = 1.2;
const near = 1.06;

/** In units of the interval's end: by then the least must have been passed. */
const beyond = 2;

/** The least is passed where the loss has risen to so many times it; looked at once in so many steps. */
const risen = 1.1;
const looks = 64;

interface Turning {
  readonly low: number;
  readonly step: number;
  readonly high: number;
  /** Loss at the step, and at the end of the curve. */
  readonly least: number;
  readonly last: number;
}

/** Where the loss on unseen examples is least, and the steps about it; undefined where it does not rise again enough. */
function turningOf(model: Linearization, rate: number): Turning | undefined {
  const steps: number[] = [];
  for (let step = 1; step <= farthestStep(model, rate); step = Math.max(step + 1, Math.round(step * spacing))) {
    steps.push(step);
  }
  const losses = steps.map((step) => unseenLoss(model, rate, step).value);
  const least = Math.min(...losses);
  const at = losses.indexOf(least);
  const last = Math.max(...losses.slice(at));
  if (at < 1 || !(least > 0) || !(last >= rise * least) || !(last < Infinity)) return undefined;
  const isNear = (index: number) => (losses[index] ?? Infinity) <= near * least;
  let [first, end] = [at, at];
  while (isNear(first - 1)) first--;
  while (isNear(end + 1)) end++;
  const stepAt = (index: number) => steps[index] ?? NaN;
  return { low: stepAt(first), step: stepAt(at), high: stepAt(end), least, last };
}

interface Worked {
  readonly turning: Turning | undefined;
}

/** The curve is worked out once for a kernel. */
const worked = new WeakMap<readonly number[], Worked>();

function turningFor(view: RunView): Turning | undefined {
  const residual = view.vectors("kernel/initialResidual").at(-1);
  if (residual === undefined) return undefined;
  let known = worked.get(residual.values);
  if (known === undefined) {
    const model = descentModel(view);
    worked.set(residual.values, (known = { turning: model && turningOf(model, learningRateOf(view)) }));
  }
  return known.turning;
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const turning = spoken("") ? undefined : turningFor(view);
  if (turning === undefined) return [];
  const { low, step: central, high, least, last } = turning;
  if (!(low > view.step + 1 && low < high)) return [];
  return [
    {
      id: `${earlyStopping.id}@${view.step}`,
      law: earlyStopping.id,
      subject: "",
      observable,
      statistic: "minimumStep",
      issuedAt: view.step,
      from: view.step + 1,
      to: Math.ceil(beyond * high),
      low,
      central,
      high,
      baselines: [],
      assumptions: [
        "There are at least as many validation examples as training examples, of the same kind.",
        ...unchecked(earlyStopping.regime(view)),
      ],
      statement: `The validation loss is least, near ${least.toPrecision(3)}, about step ${central}, and rises to ${last.toPrecision(3)} if training goes on: stop between steps ${low} and ${high}.`,
    },
  ];
}

function leastOf(series: Series): { readonly loss: number; readonly step: number } {
  let [loss, step] = [Infinity, NaN];
  for (let index = 0; index < series.length; index++) {
    if (series.valueAt(index) < loss) [loss, step] = [series.valueAt(index), series.stepAt(index)];
  }
  return { loss, step };
}

function score(made: Forecast, view: RunView): Verdict | undefined {
  const isOver = view.step > made.to || view.end !== undefined;
  if (!isOver && view.step % looks !== 0) return undefined;
  const series = view.at(made.to).series(observable);
  const { loss, step } = leastOf(series);
  const last = series.length === 0 ? NaN : series.valueAt(series.length - 1);
  const isPassed = last >= risen * loss || view.step > made.to;
  if (!isPassed || !kernelSeen(view, step)) {
    if (view.end === undefined) return undefined;
    return unmeasured(made, view, "unresolved", "The loss did not rise again, or the kernel was not looked at again.");
  }
  const failed = firstFailure(regimeOf(unseenChecks(view)));
  if (failed !== undefined) return unmeasured(made, view, "out of regime", `It is no longer so that ${failed}.`);
  return verdictOn(
    made,
    view,
    step,
    `Of the validation losses that of step ${step} was least; they have risen to ${(last / loss).toFixed(2)} times that.`,
  );
}

export const earlyStopping: Law = {
  id: "early-stopping",
  number: "L07",
  area: "solvable",
  title: "Early stopping",
  statement:
    "Under a kernel that stays, the time of training acts as the inverse of a ridge: the validation loss is least at a step that the kernel tells.",
  references: [
    {
      citation: "Ali, Kolter and Tibshirani 2019",
      title: "A Continuous-Time View of Early Stopping for Least Squares Regression",
      arxiv: "1810.10082",
    },
    {
      citation: "Hastie et al. 2022",
      title: "Surprises in High-Dimensional Ridgeless Least Squares Interpolation",
      arxiv: "1903.08560",
    },
  ],
  needs: needUnseen,
  regime: (view) => regimeOf(unseenChecks(view)),
  forecast,
  score,
};
