/**
 * L30: what dropping the learning rate gains. Stochastic gradient descent at a constant rate η comes to a plateau on which noise
 * lifts the loss as fast as descent lowers it. It is stationary where, over steps (v ← μv + g, w ← w − ηv, without decay),
 *
 *   ⟨w·g⟩ = (1+μ)·(η/2)·⟨|v|²⟩ = (1+μ)/(2η)·⟨|Δw|²⟩,
 *
 * and where the loss is a quadratic the noise floor, by which it lies above its least value, is half of that about the minimum:
 *
 *   ΔL = (1+μ)/(4η)·⟨|Δw|²⟩ = Σ ηs²/(2B(2 − ηh)) for μ = 0   (curvatures h, variances s² of an example's gradient, batch B),
 *
 * which for ηh ≪ 1 is (η/4B)·tr Σ, with η/(1−μ) for η. It is in proportion to η, so that a drop by k gains (1 − 1/k)·ΔL.
 *
 * Sources: Yaida 2018, eq. FDR1 and its form with momentum; the floor, Mandt et al. 2017, sec. 3. Derived here: that the floor is the
 * fluctuation relation about the minimum, (1+μ)/(4η)·⟨|Δw|²⟩, exactly for every ηh, so that neither B nor Σ has to be known.
 *
 * Assumes plain or heavy-ball descent, no decay, one rate before the drop and one after, and a plateau: the loss has no trend that
 * matters, and the fluctuation relation holds within 30 % where its two sides are known well enough. Slow directions, which have not
 * settled by then, gain more, and later.
 *
 * Forecast, when the rate drops to less than two thirds: the mean loss over as many steps as the plateau was looked at, the first half
 * left out; only of a gain that is larger than the scatter of the means. Interval: 0.8 to 1.25 times the gain, in square with that scatter. On 18
 * small tanh networks in float64 (squared error and cross-entropy, batches 2 to 16, μ 0 and 0.9, drops by 3 to 10) the gain was 0.69 to
 * 1.44 times that forecast; 17 lay within 0.75 to 1.3 times and the scatter, with a median skill of 0.7. On noisy quadratics with slow directions 46 of 57 held. The literature calls the law refuted below 0.3 and beyond 3 times.
 */
import { finite } from "../baselines.ts";
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import { finiteLoss, firstFailure, needOptimizer, needSeries, oneOptimizer, regimeOf, unchecked } from "../regime.ts";
import { gaussianDecile } from "../bootstrap.ts";
import type { RunView, Series } from "../runView.ts";
import { unmeasured, verdictOn } from "../score.ts";
import { windowMean, type WindowMean } from "../windowMean.ts";

/** Steps before a drop that are looked at, at most, and the least that make a plateau. */
const longestPlateau = 4096;
const shortestPlateau = 200;

/** Steps after a drop within which it is spoken of: laws look at least every 64 steps. */
const fresh = 256;

/** A drop to less than this part of the rate before. */
const leastDrop = 2 / 3;

/** What of the forecast gain is gained, 10 % and 90 % quantiles. */
const gained = { low: 0.8, high: 1.25 };

/** How far the two sides of the fluctuation relation may differ, and a trend over the plateau, in floors. */
const tolerance = 0.3;

/** Relative standard error beyond which a side of the relation says nothing. */
const largestError = 0.5;

/** A stretch of one learning rate, `to` being its last step. */
interface Plateau {
  readonly rate: number;
  readonly from: number;
  readonly to: number;
  /** The rate that followed; undefined while it lasts. */
  readonly next: number | undefined;
}

/** The stretch that has just ended in a drop, or the one that lasts. */
function plateauOf(view: RunView): Plateau | undefined {
  const rates = view.series("optimizer/learningRate");
  if (rates.length === 0) return undefined;
  const end = rates.length - 1;
  if (view.optimizer?.schedule === "constant") {
    return plateauBetween(rates, Math.max(0, end - longestPlateau), end, undefined);
  }
  const last = stretch(rates, end);
  const isFresh = last > 0 && rates.length - last <= fresh;
  const isDrop = isFresh && rates.valueAt(end) < leastDrop * rates.valueAt(last - 1);
  if (!isDrop) return plateauBetween(rates, last, end, undefined);
  return plateauBetween(rates, stretch(rates, last - 1), last - 1, rates.valueAt(end));
}

function plateauBetween(rates: Series, first: number, end: number, next: number | undefined): Plateau | undefined {
  const rate = rates.valueAt(end);
  if (!(rate > 0) || !Number.isFinite(rate)) return undefined;
  return { rate, from: rates.stepAt(first), to: rates.stepAt(end), next };
}

/** Index of the first of the points up to `end` that have its value, as far as is looked. */
function stretch(rates: Series, end: number): number {
  let first = end;
  while (first > 0 && end - first < longestPlateau && rates.valueAt(first - 1) === rates.valueAt(end)) first -= 1;
  return first;
}

interface Stationary {
  readonly from: number;
  readonly middle: number;
  readonly to: number;
  /** The loss over the later half of what was looked at, and over the earlier. */
  readonly loss: WindowMean;
  readonly before: WindowMean;
  /** ΔL, in units of the loss. */
  readonly floor: number;
  /** Both sides of the fluctuation relation; undefined where ⟨w·g⟩ was not measured often enough. */
  readonly relation: { readonly along: WindowMean; readonly square: number } | undefined;
}

/**
 * Noise floor of a quadratic about its minimum, (1+μ)/(4η)·⟨|Δw|²⟩, in units of the loss.
 * @param squaredUpdate mean square length of a step
 */
export function noiseFloor(learningRate: number, momentum: number, squaredUpdate: number): number {
  return ((1 + momentum) * squaredUpdate) / (4 * learningRate);
}

function momentumOf(view: RunView): number {
  return view.optimizer?.groups[0]?.momentum ?? 0;
}

/** The later half of a plateau, as measured; undefined where that is too little. */
function stationaryOf(view: RunView, { rate, from: first, to }: Plateau): Stationary | undefined {
  if (to - first < shortestPlateau) return undefined;
  const from = Math.ceil((first + to) / 2);
  const middle = Math.ceil((from + to) / 2);
  const [before, loss] = [
    windowMean(view.series("loss/train"), from, middle - 1),
    windowMean(view.series("loss/train"), middle, to),
  ];
  const square = windowMean(view.series("update/norm"), from, to, (norm) => norm ** 2);
  if (before === undefined || loss === undefined || square === undefined || !(square.mean > 0)) return undefined;
  const along = windowMean(view.series("gradient/alongWeights"), from, to);
  const floor = noiseFloor(rate, momentumOf(view), square.mean);
  return { from, middle, to, loss, before, floor, relation: along && { along, square: 2 * floor } };
}

function checks(view: RunView): readonly RegimeCheck[] {
  const { optimizer } = view;
  const groups = optimizer?.groups ?? [];
  const isDescent = optimizer?.kind === "sgd" || optimizer?.kind === "momentum";
  const isPlain = groups.every(({ nesterov }) => nesterov !== true);
  const decays = groups.some(({ weightDecay = 0 }) => weightDecay !== 0);
  return [
    oneOptimizer(view),
    {
      condition: "the optimizer is gradient descent, plain or heavy-ball",
      holds: isDescent && isPlain,
      saw: optimizer?.name ?? "none",
    },
    { condition: "weights do not decay", holds: !decays, saw: decays ? "weight decay" : "no weight decay" },
    finiteLoss(view),
  ];
}

function plateauChecks(view: RunView): readonly RegimeCheck[] {
  const plateau = plateauOf(view);
  const found = plateau && stationaryOf(view, plateau);
  const condition = "the loss is on a plateau";
  if (found === undefined) {
    return [
      { condition, holds: "unknown", saw: `fewer than ${shortestPlateau} steps at one rate, or too few measurements` },
    ];
  }
  const { loss, before, floor, relation } = found;
  const trend = loss.mean - before.mean;
  const doubt = gaussianDecile * Math.hypot(loss.standardError, before.standardError);
  const gain = `a tenth of the rate would gain about ${(0.9 * floor).toPrecision(2)} of ${loss.mean.toPrecision(3)}`;
  return [
    {
      condition,
      holds: Math.abs(trend) <= tolerance * floor + doubt,
      saw: `a change of ${trend.toPrecision(2)}; ${gain}`,
    },
    relationCheck(relation),
  ];
}

function relationCheck(relation: Stationary["relation"]): RegimeCheck {
  const condition = "⟨w·g⟩ = (1+μ)/(2η)·⟨|Δw|²⟩, as where noise and descent balance";
  if (relation === undefined) return { condition, holds: "unknown", saw: "too few measurements" };
  const { along, square } = relation;
  const ratio = along.mean / square;
  const error = along.standardError / square;
  const saw = `a ratio of ${ratio.toPrecision(2)} ± ${error.toPrecision(1)}`;
  if (Math.abs(ratio - 1) > tolerance + 2 * error) return { condition, holds: false, saw };
  return { condition, holds: error > largestError ? "unknown" : true, saw };
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  if (view.optimizer?.schedule !== "moves") return [];
  const plateau = plateauOf(view);
  if (plateau?.next === undefined || !(plateau.next > 0)) return [];
  const subject = `drop at step ${plateau.to + 1}`;
  const found = spoken(subject) ? undefined : stationaryOf(view, plateau);
  if (found === undefined) return [];
  const { loss, before, floor } = found;
  const factor = plateau.rate / plateau.next;
  const gain = (1 - 1 / factor) * floor;
  const length = plateau.to - found.from;
  const [from, to] = [plateau.to + 1 + Math.ceil(length / 2), plateau.to + 1 + length];
  const scatter = gaussianDecile * loss.standardError * Math.SQRT2;
  const low = loss.mean - gain - Math.hypot((gained.high - 1) * gain, scatter);
  const high = loss.mean - gain + Math.hypot((1 - gained.low) * gain, scatter);
  const slope = (loss.mean - before.mean) / (length / 2);
  if (!(gain > scatter) || !Number.isFinite(high - low) || from <= view.step) return [];
  return [
    {
      id: `${learningRateDrop.id}/${plateau.to + 1}@${view.step}`,
      law: learningRateDrop.id,
      subject,
      observable: "loss/train",
      statistic: "timeMean",
      issuedAt: view.step,
      from,
      to,
      low,
      central: loss.mean - gain,
      high,
      baselines: finite(
        { kind: "the mean before the drop", value: loss.mean },
        {
          kind: "straight line through the plateau",
          value: loss.mean + (slope * (from + to + length)) / 2 - slope * plateau.to,
        },
      ),
      assumptions: [
        "The rate stays as it is now until then.",
        "Directions that matter have settled by then.",
        ...unchecked(learningRateDrop.regime(view)),
      ],
      statement: `Dropping the learning rate by ${factor.toPrecision(3)} takes away (1 − 1/k) of the noise floor of ${floor.toPrecision(2)}: the loss falls from ${loss.mean.toPrecision(3)} to ${(loss.mean - gain).toPrecision(3)}.`,
    },
  ];
}

function score(made: Forecast, view: RunView): Verdict | undefined {
  const failed = firstFailure(regimeOf(checks(view)));
  if (failed !== undefined) return unmeasured(made, view, "out of regime", `It is no longer so that ${failed}.`);
  if (view.step <= made.to) return undefined;
  const rates = view.series("optimizer/learningRate");
  const [first, last] = [rates.indexFrom(made.issuedAt), rates.indexFrom(made.to + 1) - 1];
  if (last <= first) return unmeasured(made, view, "unresolved", "The learning rate was not recorded.");
  if (rates.stepAt(stretch(rates, last)) > Math.max(made.issuedAt, made.to - longestPlateau)) {
    return unmeasured(made, view, "out of regime", "The learning rate moved again before the horizon.");
  }
  const mean = windowMean(view.series("loss/train"), made.from, made.to)?.mean;
  if (mean === undefined) return unmeasured(made, view, "unresolved", "Too few losses were recorded to average.");
  return verdictOn(
    made,
    view,
    mean,
    `Over steps ${made.from} to ${made.to} the loss was ${mean.toPrecision(4)} on average.`,
  );
}

export const learningRateDrop: Law = {
  id: "learning-rate-drop",
  number: "L30",
  area: "empirical",
  title: "Gain of dropping the learning rate",
  statement: "On a plateau that noise holds up, dropping the learning rate by k gains 1 − 1/k of the noise floor.",
  references: [
    {
      citation: "Yaida 2018",
      title: "Fluctuation-dissipation relations for stochastic gradient descent",
      arxiv: "1810.00004",
    },
    {
      citation: "Mandt et al. 2017",
      title: "Stochastic Gradient Descent as Approximate Bayesian Inference",
      arxiv: "1704.04289",
    },
  ],
  needs: [
    needOptimizer,
    needSeries("the learning rate", "optimizer/learningRate"),
    needSeries("the length of steps", "update/norm"),
  ],
  regime: (view) => regimeOf([...checks(view), ...plateauChecks(view)]),
  forecast,
  score,
};
