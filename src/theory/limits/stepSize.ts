/**
 * L16: the step size's part of the discretization hypothesis. Full-batch gradient descent is Euler's method for the gradient flow
 * dw/dt = −∇L. Below the edge of stability its loss at one time t = η·step is that of the flow and a term of first order,
 *
 *   L(t; η)  =  L(t; 0)·(1 + a(t)·η + O(η²)),
 *
 * so that two runs from the same weights tell a third one's loss, by a line in η through the logarithms.
 *
 * Source: the hypothesis is that of Simon et al. 2026, §2.2, which leaves the rate of convergence open; first order is Euler's (any text on
 * ordinary differential equations, e.g. Hairer, Nørsett and Wanner 1993, ch. II.8), and was checked here in float64: on a tanh network the change
 * of the loss halves with η to 3 %. Assumes one initialization, plain gradient descent on all examples, and a constant rate.
 *
 * Forecasts, after the first loss of a run that begins as two earlier ones of other rates did: its loss at a quarter, a half and all of the
 * time that both reached. The interval is what a term of second order may be: of a mode of curvature h it is ⅔·η·h of that of the first, with
 * the sharpness for h, and not less than as if the loss fell in one mode, of which three quarters are taken; at least 7 % of the correction; and rounding in
 * float32, which training may multiply. Of 48 forecasts for tanh networks in float64, at rates of 0.03 to 0.1 and two to four times or half as large before, 85 % lay in it.
 */
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import { finite } from "../baselines.ts";
import { sameTraining } from "../hyperparameters/sameTraining.ts";
import { constantLearningRate, firstFailure, largeBatch, needObjective, needOptimizer } from "../regime.ts";
import { oneOptimizer, regimeOf, unchecked } from "../regime.ts";
import type { RunView } from "../runView.ts";
import { unmeasured, verdictOn } from "../score.ts";

/** Relative, between first losses of runs that begin at the same weights. */
const sameStart = 1e-4;

/** η·S beyond which steps overshoot along the sharpest direction, and the flow is not followed. */
const mostStiff = 1.5;

/** Parts of the time that the earlier runs reached. */
const parts = [0.25, 0.5, 1] as const;

/** Steps that this run must take to the forecast's time at least. */
const leastSteps = 8;

/** Relative: float32 sums, and what hundreds of steps make of them. */
const rounding = 1e-5;

/**
 * The term of second order over that of the first, in units of η and the curvature h: of a mode, (1 − ηh)^(t/η) = exp(−ht·(1 + ηh/2 + η²h²/3 + …)).
 */
const secondOrder = 2 / 3;

/** Of what that may be at most, what it comes to in eight of ten: modes partly cancel. */
const usual = 0.75;

/** What the interval covers at least, in units of the correction for this rate. */
const leastShare = 0.07;

function rateOf(view: RunView): number {
  const rates = view.optimizer?.groups.map(({ learningRate }) => learningRate) ?? [];
  return rates.length > 0 && rates.every((rate) => rate === rates[0]) ? (rates[0] ?? NaN) : NaN;
}

function firstLoss(view: RunView): number {
  const loss = view.series("loss/train");
  return loss.length > 0 && loss.stepAt(0) === 0 ? loss.valueAt(0) : NaN;
}

/** Loss at a time in units of η·step, by linear interpolation between steps; NaN where the run was not there. */
function lossAt(view: RunView, time: number): number {
  const loss = view.series("loss/train");
  const step = time / rateOf(view);
  const after = loss.indexFrom(step);
  if (!(step >= 0) || after >= loss.length) return NaN;
  if (after === 0 || loss.stepAt(after) === step) return loss.valueAt(after);
  const [early, late] = [loss.stepAt(after - 1), loss.stepAt(after)];
  if (late - early > 1) return NaN;
  return loss.valueAt(after - 1) + (step - early) * (loss.valueAt(after) - loss.valueAt(after - 1));
}

/** Of the runs before, the newest of each other rate that began as this one; those of the nearest rates first. */
function companions(view: RunView): readonly RunView[] {
  const [rate, start] = [rateOf(view), firstLoss(view)];
  const byRate = new Map<number, RunView>();
  for (const each of view.earlier) {
    const other = rateOf(each);
    const begins = Math.abs(firstLoss(each) / start - 1) <= sameStart;
    if (!begins || !(other > 0) || other === rate || !sameTraining(view, each)) continue;
    if (firstFailure(regimeOf(ownChecks(each))) === undefined) byRate.set(other, each);
  }
  const distance = (each: RunView) => Math.abs(Math.log(rateOf(each) / rate));
  return [...byRate.values()].sort((one, other) => distance(one) - distance(other));
}

/** What must be so in each of the runs. */
function ownChecks(view: RunView): readonly RegimeCheck[] {
  const { optimizer } = view;
  const plain = optimizer?.kind === "sgd" && optimizer.groups.every(({ momentum = 0 }) => momentum === 0);
  const sharpness = view.series("sharpness/batch");
  const stiffness = rateOf(view) * sharpness.maximum(0, sharpness.length);
  return [
    oneOptimizer(view),
    {
      condition: "the optimizer is plain gradient descent, without momentum",
      holds: plain,
      saw: optimizer?.name ?? "none",
    },
    constantLearningRate(view),
    largeBatch(view, 1, "every step sees the whole data set"),
    {
      condition: `η times the sharpness stays below ${mostStiff}`,
      holds: Number.isNaN(stiffness) ? "unknown" : stiffness < mostStiff,
      saw: Number.isNaN(stiffness) ? "not measured" : stiffness.toPrecision(3),
    },
  ];
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const rate = rateOf(view);
  if (view.step !== 0 || !(firstLoss(view) > 0) || !(rate > 0) || spoken(subjectOf(1))) return [];
  const [near, far] = companions(view);
  if (near === undefined || far === undefined) return [];
  const reached = Math.min(...[near, far].map((each) => rateOf(each) * lastStep(each)));
  return parts.flatMap((part) => forecastAt(view, near, far, Math.floor((part * reached) / rate), part));
}

/** The largest sharpness of these runs; where it was not measured up to their later half, the largest at which the law speaks of them. */
function curvatureOf(runs: readonly RunView[]): number {
  const measured = runs.map((run) => {
    const sharpness = run.series("sharpness/batch");
    const isFollowed = sharpness.length > 0 && sharpness.stepAt(sharpness.length - 1) >= lastStep(run) / 2;
    return isFollowed ? sharpness.maximum(0, sharpness.length) : NaN;
  });
  const bounds = runs.map((run) => mostStiff / rateOf(run));
  return measured.some(Number.isNaN) ? Math.min(...bounds) : Math.max(...measured);
}

function lastStep(view: RunView): number {
  const loss = view.series("loss/train");
  return loss.length === 0 ? NaN : loss.stepAt(loss.length - 1);
}

function subjectOf(part: number): string {
  return `${part} of the time`;
}

function forecastAt(view: RunView, near: RunView, far: RunView, step: number, part: number): readonly Forecast[] {
  const rate = rateOf(view);
  const [close, distant] = [near, far].map((each) => ({ rate: rateOf(each), loss: lossAt(each, rate * step) }));
  if (close === undefined || distant === undefined || !(step >= leastSteps)) return [];
  /** a, so that the term of first order is a·η. */
  const slope = Math.log(close.loss / distant.loss) / (close.rate - distant.rate);
  const correction = slope * (rate - close.rate);
  // Where terms of first order cancel among modes, those of second order need not: as if the loss fell in one mode of curvature h.
  const time = rate * step;
  const curvature = Math.abs(Math.log(close.loss / firstLoss(view))) / (2 * time);
  const most = Math.max(Math.abs(slope) * curvatureOf([near, far]), time * curvature ** 3);
  const second = usual * secondOrder * most * Math.abs((rate - close.rate) * (rate - distant.rate));
  const width = Math.max(leastShare * Math.abs(correction), second) + rounding;
  const central = close.loss * Math.exp(correction);
  const [low, high] = [central * Math.exp(-width), central * Math.exp(width)];
  if (!(low > 0 && low < central && central < high) || !Number.isFinite(high)) return [];
  const subject = subjectOf(part);
  return [
    {
      id: `${stepSize.id}/${subject}@${view.step}`,
      law: stepSize.id,
      subject,
      observable: "loss/train",
      statistic: "value",
      issuedAt: view.step,
      from: step,
      to: step,
      low,
      central,
      high,
      baselines: finite(
        { kind: "the run of the nearest rate at that time", value: close.loss },
        { kind: "persistence", value: firstLoss(view) },
      ),
      assumptions: [
        `This run begins at the weights of those with η = ${close.rate} and ${distant.rate}: their first losses agree.`,
        ...unchecked(stepSize.regime(view)),
      ],
      statement: `At step ${step}, at the same η·step as there, the loss is ${central.toPrecision(5)}: the runs before had ${close.loss.toPrecision(5)} and ${distant.loss.toPrecision(5)}, and steps of another size change it in proportion.`,
    },
  ];
}

function score(made: Forecast, view: RunView): Verdict | undefined {
  if (view.step <= made.to && view.end === undefined) return undefined;
  const failed = firstFailure(regimeOf(ownChecks(view)));
  if (failed !== undefined) return unmeasured(made, view, "out of regime", `It is no longer so that ${failed}.`);
  const loss = view.series("loss/train");
  const index = loss.indexFrom(made.to);
  if (index >= loss.length || loss.stepAt(index) !== made.to) {
    return unmeasured(made, view, "unresolved", "The loss was not recorded at that step.");
  }
  const value = loss.valueAt(index);
  return verdictOn(made, view, value, `The loss was ${value.toPrecision(5)}.`);
}

export const stepSize: Law = {
  id: "step-size",
  number: "L16",
  area: "limits",
  title: "Step size and gradient flow",
  statement:
    "Below the edge of stability, the loss of gradient descent at one η·step differs from the gradient flow's in proportion to η.",
  references: [
    { citation: "Simon et al. 2026", title: "There Will Be a Scientific Theory of Deep Learning", arxiv: "2604.21691" },
  ],
  needs: [
    needOptimizer,
    needObjective,
    {
      what: "2 earlier runs that began at the same weights and differ in nothing but the learning rate",
      met: (view) => view.earlier.length >= 2 && view.series("loss/train").length > 0 && companions(view).length >= 2,
    },
  ],
  regime: (view) => regimeOf(ownChecks(view)),
  forecast,
  score,
};
