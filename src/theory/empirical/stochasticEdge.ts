/**
 * L21: the edge of stability with small batches. Of stochastic gradient descent it is not the sharpness of the whole data that comes to
 * 2/η, but the curvature that a batch has along its own gradient, on the average over batches ("batch sharpness"):
 *
 *   E[g_Bᵀ H_B g_B] / E[|g_B|²]  →  2/η,
 *
 * while the sharpness of the whole data stays below it.
 *
 * Source: Andreyev and Beneventano 2024, abstract and sec. 4. The ratio is taken here of two means over steps: a mean of ratios, in which
 * batches with small gradients count as much as others, came out lower by a sixth. Assumes plain descent at a constant rate, batches of at
 * most half of the data, and noise: where the batches' gradients have died away since, as at interpolation, the law has nothing to say.
 *
 * Forecast: once the mean of 10 measurements has come to 0.6 of 2/η, from 200 steps later on the mean over 400 steps and at least 10
 * measurements lies between 0.7 and 1.1 of 2/η. The interval is not the literature's 1 ± 0.15, which these runs do not reach: on 12 small
 * tanh networks in float64 (60 examples, batches 4 to 15, η 0.15 to 0.3, half of them with noisy targets) 11 came to 0.6, and then had a
 * mean of 0.64 to 1.02, in 10 of them within the interval; of 16 others, with 50 measurements in a mean, 13 held. The gap of the sharpness of the whole data is not forecast: it takes the noise
 * along the sharpest direction, which is not recorded.
 */
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import { constantLearningRate, finiteLoss, firstFailure, needOptimizer, needSeries, oneOptimizer } from "../regime.ts";
import { regimeOf, unchecked } from "../regime.ts";
import { endOfRun } from "../law.ts";
import type { RunView } from "../runView.ts";
import { unmeasured, verdictOn, window } from "../score.ts";
import { batchOf } from "../stepBatch.ts";

const observable = "sharpness/directional";

/** Measurements before it speaks and in a mean, steps after the arrival that are left out, and steps that are averaged over. */
const leastBefore = 5;
const measurements = 10;
const settling = 200;
const averaged = 400;

/** Part of 2/η at which it has arrived, and where it stays. */
const arrival = 0.6;
const interval = { low: 0.7, central: 1, high: 1.1 };

/** Part of the batches' squared gradients below which their noise has died away. */
const leastNoise = 0.25;

/** What lies beyond refutes the law, whatever the interval. */
const refuted = 1.3;

interface BatchSharpness {
  /** Mean of gᵀHg over that of |g|², in loss per squared parameter. */
  readonly value: number;
  readonly square: number;
}

/** Over the measurements from index `first` to `end`, not included; undefined where a gradient was not recorded with one. */
function batchSharpness(view: RunView, first: number, end: number): BatchSharpness | undefined {
  const [curvature, norm] = [view.series(observable), view.series("gradient/norm")];
  let [products, squares] = [0, 0];
  for (let index = first; index < end; index++) {
    const step = curvature.stepAt(index);
    const at = norm.indexFrom(step);
    if (at >= norm.length || norm.stepAt(at) !== step) return undefined;
    const square = norm.valueAt(at) ** 2;
    products += curvature.valueAt(index) * square;
    squares += square;
  }
  const value = products / squares;
  return Number.isFinite(value) ? { value, square: squares / (end - first) } : undefined;
}

/** 2/η. */
function limitOf(view: RunView): number | undefined {
  const rate = view.optimizer?.groups[0]?.learningRate;
  return rate !== undefined && rate > 0 && Number.isFinite(2 / rate) ? 2 / rate : undefined;
}

function checks(view: RunView): readonly RegimeCheck[] {
  const { optimizer, data } = view;
  const plain =
    optimizer?.kind === "sgd" &&
    optimizer.groups.every(({ momentum = 0, weightDecay = 0 }) => momentum + weightDecay === 0);
  const batch = batchOf(view);
  const share = batch === undefined || data?.examples === undefined ? undefined : batch / data.examples;
  return [
    oneOptimizer(view),
    {
      condition: "the optimizer is plain gradient descent, without decay",
      holds: plain,
      saw: optimizer?.name ?? "none",
    },
    constantLearningRate(view),
    {
      condition: "a batch is at most half of the data",
      holds: data?.fullBatch === true ? false : share === undefined ? "unknown" : share <= 0.5,
      saw: share === undefined ? "data set of unknown size" : `${Number((100 * share).toPrecision(2))} %`,
    },
    finiteLoss(view),
  ];
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const limit = spoken("") ? undefined : limitOf(view);
  const { length } = view.series(observable);
  if (limit === undefined || length < leastBefore) return [];
  const now = batchSharpness(view, Math.max(0, length - measurements), length);
  // Not above either: it may have come down from there, or have been there already when it was first measured.
  if (now === undefined || !(now.value < arrival * limit)) return [];
  return [
    {
      id: `${stochasticEdge.id}@${view.step}`,
      law: stochasticEdge.id,
      subject: "",
      observable,
      statistic: "timeMean",
      issuedAt: view.step,
      from: view.step + 1,
      to: endOfRun,
      low: interval.low * limit,
      central: interval.central * limit,
      high: interval.high * limit,
      baselines: [
        { kind: "persistence", value: now.value },
        { kind: "it stays where it has arrived", value: arrival * limit },
      ],
      assumptions: [
        "The learning rate and the batch stay as they are, and training goes on until batches disagree at 2/η.",
        `The mean weighs each batch by its squared gradient; the first ${settling} steps after it came to ${arrival} of 2/η are left out.`,
        ...unchecked(stochasticEdge.regime(view)),
      ],
      statement: `Once it has come to ${arrival} of 2/η = ${limit.toPrecision(3)}, the curvature of batches along their gradients stays near 2/η.`,
    },
  ];
}

/** Index after the first measurements of a mean, all after the forecast and in blocks of that, whose mean has arrived. */
function arrivalOf(made: Forecast, view: RunView): number | undefined {
  const curvature = view.series(observable);
  const level = arrival * made.central;
  // A mean does not arrive before a value has.
  const first = curvature.firstAtLeast(level, curvature.indexFrom(made.from)) ?? Infinity;
  for (let end = first + measurements; end <= curvature.length; end += measurements) {
    const mean = batchSharpness(view, end - measurements, end);
    if (mean !== undefined && mean.value >= level) return end;
  }
  return undefined;
}

function score(made: Forecast, view: RunView): Verdict | undefined {
  const failed = firstFailure(regimeOf(checks(view)));
  if (failed !== undefined) return unmeasured(made, view, "out of regime", `It is no longer so that ${failed}.`);
  const curvature = view.series(observable);
  const arrived = arrivalOf(made, view);
  if (arrived === undefined) {
    if (view.end === undefined) return undefined;
    return unmeasured(made, view, "unresolved", `The run ended before it had come to ${arrival} of 2/η.`);
  }
  const step = curvature.stepAt(arrived - 1);
  const { first, end } = window(curvature, step + settling, step + settling + averaged);
  const isOver = curvature.stepAt(curvature.length - 1) >= step + settling + averaged;
  if (!isOver && view.end === undefined) return undefined;
  if (!isOver || end - first < measurements) {
    return unmeasured(made, view, "unresolved", `It came there at step ${step}, but was measured too seldom after.`);
  }
  const [then, now] = [batchSharpness(view, arrived - measurements, arrived), batchSharpness(view, first, end)];
  if (then === undefined || now === undefined) {
    return unmeasured(made, view, "unresolved", "The gradients of some batches were not recorded.");
  }
  if (now.square < leastNoise * then.square) {
    return unmeasured(
      made,
      view,
      "out of regime",
      "The batches' gradients have died away since: there is no noise left.",
    );
  }
  const ratio = now.value / made.central;
  const beyond = ratio > refuted ? ", which refutes the law" : "";
  const text = `It came to ${arrival} of 2/η at step ${step}; from ${settling} steps later on it was ${ratio.toFixed(2)} of it${beyond}.`;
  return verdictOn(made, view, now.value, text);
}

export const stochasticEdge: Law = {
  id: "stochastic-edge",
  number: "L21",
  area: "empirical",
  title: "Edge of stochastic stability",
  statement:
    "Under small batches the curvature of a batch along its own gradient comes to 2/η on average, and stays there.",
  references: [
    {
      citation: "Andreyev and Beneventano 2024",
      title: "Edge of Stochastic Stability: Revisiting the Edge of Stability for SGD",
      arxiv: "2412.20553",
    },
  ],
  needs: [
    needOptimizer,
    needSeries("the curvature of batches along their gradients", observable),
    needSeries("the gradient's norm", "gradient/norm"),
  ],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score,
};
