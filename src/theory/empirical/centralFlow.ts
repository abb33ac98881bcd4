/**
 * L20: the central flow. At the edge of stability gradient descent swings along the sharpest direction u about a path that it follows on
 * average. The swing, of mean square s², pushes the sharpness S down by ½·s²·‖∇S‖² as fast as the path's own −∇S·∇L lifts it:
 *
 *   s²  =  2·(−∇S·∇L)/‖∇S‖²,        ⟨|g|²⟩  =  |∇L|² + S²·s²    with S = 2/η,
 *
 * so that, before it swings, the slopes of the sharpness tell how large gradients will be at the edge; the loss then lies s²/η above the path's.
 *
 * Sources: Damian, Nichani and Lee 2023 (the balance); Cohen et al. 2025, sec. 3 (s² and the central flow). Over a time in which S comes back to where
 * it was, the balance holds on average whether the swing is steady or comes in bursts: summing S's change over it gives Σ(−∇S·∇L) = ½·Σx²·‖∇S‖².
 *
 * Assumes gradient descent without momentum on all examples at a constant rate, and one direction at the edge.
 *
 * Forecast, when the sharpness has come to 0.8 of 2/η: the root mean square of the gradient's norm from when it crosses to 200 steps after it has come back
 * for the first time. The mean swing holds exactly in the cubic model of Damian et al. (see the test). Of 30 small tanh networks in float64 (three
 * targets, η of 0.12 to 0.2) ten reached the edge in time and had one direction there: they came to 0.40 to 1.42 times the forecast, 8 of them
 * between 0.42 and 1.4, where the gradient before was off by factors of 4 to 30. Most lay below, since the path's slopes shrink meanwhile.
 */
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import { endOfRun } from "../law.ts";
import { finite } from "../baselines.ts";
import { gaussianDecile } from "../bootstrap.ts";
import { learningRateOf, plainDescentChecks } from "../plainDescent.ts";
import { finiteLoss, firstFailure, needObjective, needOptimizer, needSeries, regimeOf, unchecked } from "../regime.ts";
import type { RunView, Series } from "../runView.ts";
import { firstCrossing, timeMean, unmeasured, verdictOn, window } from "../score.ts";
import { windowMean } from "../windowMean.ts";

/** Part of the threshold from which on it speaks. */
const near = 0.8;

/** Steps, after the swing has pushed the sharpness below 2/η for the first time, up to which squared gradients are averaged. */
const averaged = 200;

/** Mean sharpness, as a part of the threshold, between which training is at the edge. */
const atEdge = { low: 0.9, high: 1.15 };

/** 10 % and 90 % quantiles of the measured root mean square over the forecast. */
const spread = { low: 0.42, high: 1.4 };

/** The second eigenvalue as a part of the threshold from which on two directions swing. */
const second = 0.98;

/** Mean square of the swing along the sharpest direction, in squared units of the weights. */
export function swing(progressive: number, gradientNorm: number): number {
  return (2 * progressive) / gradientNorm ** 2;
}

/** ½·S·s², which is s²/η at the edge: how far the mean loss lies above the path's, for a mean square swing and a sharpness. */
export function lossAbovePath(square: number, sharpness: number): number {
  return (square * sharpness) / 2;
}

function thresholdOf(view: RunView): number {
  return 2 / learningRateOf(view);
}

function checks(view: RunView): readonly RegimeCheck[] {
  const eigenvalues = view.vectors("hessian/eigenvalues").at(-1);
  const share = (eigenvalues?.values[1] ?? NaN) / thresholdOf(view);
  return [
    ...plainDescentChecks(view, "no momentum"),
    {
      condition: "one direction is at the edge of stability, and no second one",
      holds: Number.isNaN(share) ? "unknown" : share < second,
      saw: Number.isNaN(share) ? "one eigenvalue measured" : `the second eigenvalue is ${share.toPrecision(2)} of 2/η`,
    },
    finiteLoss(view),
  ];
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const sharpness = view.series("sharpness/batch");
  const edge = thresholdOf(view);
  const since = sharpness.firstAtLeast(near * edge, 0);
  if (spoken("") || since === undefined || sharpness.firstAtLeast(edge, 0) !== undefined) return [];
  const [rising, slope, gradient] = ["sharpness/progressive", "sharpness/gradientNorm", "gradient/norm"].map((name) =>
    view.series(name),
  );
  if (rising === undefined || slope === undefined || gradient === undefined) return [];
  const [last, at] = [rising.length - 1, slope.length - 1];
  // Both of one measurement, from since the sharpness came so far.
  if (last < 0 || at < 0 || gradient.length === 0 || rising.stepAt(last) !== slope.stepAt(at)) return [];
  if (rising.stepAt(last) < sharpness.stepAt(since) || !(rising.valueAt(last) > 0)) return [];
  const now = gradient.valueAt(gradient.length - 1);
  const square = swing(rising.valueAt(last), slope.valueAt(at));
  const central = Math.hypot(now, edge * Math.sqrt(square));
  const error = relativeError(rising.errorAt(last) / rising.valueAt(last), slope.errorAt(at) / slope.valueAt(at));
  const width = (part: number) => Math.exp(Math.hypot(Math.log(part), gaussianDecile * error));
  const [low, high] = [central / width(spread.low), central * width(spread.high)];
  if (!(low > 0 && low < central && central < high) || !Number.isFinite(high)) return [];
  return [
    {
      id: `${centralFlow.id}@${view.step}`,
      law: centralFlow.id,
      subject: "",
      observable: "gradient/norm",
      statistic: "timeMean",
      issuedAt: view.step,
      from: view.step + 1,
      to: endOfRun,
      low,
      central,
      high,
      baselines: finite({ kind: "persistence", value: now }),
      assumptions: [
        "Training reaches the edge and stays there; the slopes of sharpness and loss there are what they are now.",
        `The root mean square from when the sharpness crosses 2/η to ${averaged} steps after it has come back for the first time.`,
        ...unchecked(centralFlow.regime(view)),
      ],
      statement: `At the edge of stability gradients swing along the sharpest direction: their root mean square norm is ${central.toPrecision(3)}, where it is ${now.toPrecision(3)} now, and the loss lies ${lossAbovePath(square, edge).toPrecision(2)} above its path.`,
    },
  ];
}

/** Of the root of −∇S·∇L over ‖∇S‖, from the relative errors of the two; those that are not known count as none. */
function relativeError(progressive: number, gradientNorm: number): number {
  const [one, other] = [progressive / 2, gradientNorm].map((error) => (Number.isFinite(error) ? error : 0));
  return Math.hypot(one ?? 0, other ?? 0);
}

/** First step at which a series that had risen above a level is below it again; undefined while it is not. */
function returnAfter(series: Series, level: number, from: number): number | undefined {
  for (let index = series.indexFrom(from); index < series.length; index++) {
    if (series.valueAt(index) < level) return series.stepAt(index);
  }
  return undefined;
}

function score(made: Forecast, view: RunView): Verdict | undefined {
  const failed = firstFailure(regimeOf(checks(view)));
  if (failed !== undefined) return unmeasured(made, view, "out of regime", `It is no longer so that ${failed}.`);
  const sharpness = view.series("sharpness/batch");
  const edge = thresholdOf(view);
  const crossing = firstCrossing(sharpness, edge, made.from);
  if (crossing === undefined) {
    if (view.end === undefined) return undefined;
    return unmeasured(made, view, "unresolved", "The run ended before the sharpness had reached 2/η.");
  }
  const back = returnAfter(sharpness, edge, crossing.after);
  const [from, to] = [crossing.after, (back ?? Infinity) + averaged];
  if (view.step <= to) {
    if (view.end === undefined) return undefined;
    return unmeasured(
      made,
      view,
      "unresolved",
      "The run ended too soon after the sharpness had crossed 2/η to average.",
    );
  }
  const { first, end } = window(sharpness, from, to);
  const ratio = timeMean(sharpness, first, end) / edge;
  const crossed = `The sharpness crossed 2/η at step ${crossing.step.toFixed(0)}; over steps ${from} to ${to}`;
  if (!(ratio >= atEdge.low && ratio <= atEdge.high)) {
    const text = `${crossed} it was ${ratio.toPrecision(3)} times that on average: training is not at the edge.`;
    return unmeasured(made, view, Number.isNaN(ratio) ? "unresolved" : "out of regime", text);
  }
  const square = windowMean(view.series("gradient/norm"), from, to, (norm) => norm ** 2)?.mean;
  if (square === undefined) return unmeasured(made, view, "unresolved", "Too few gradients were recorded there.");
  const measured = Math.sqrt(square);
  return verdictOn(
    made,
    view,
    measured,
    `${crossed} the gradient's norm was ${measured.toPrecision(4)} (root mean square).`,
  );
}

export const centralFlow: Law = {
  id: "central-flow",
  number: "L20",
  area: "empirical",
  title: "Swing at the edge of stability",
  statement:
    "At the edge of stability the mean square swing along the sharpest direction is 2·(−∇S·∇L)/‖∇S‖², which holds the sharpness S at 2/η.",
  references: [
    {
      citation: "Cohen et al. 2025",
      title: "Understanding Optimization in Deep Learning with Central Flows",
      arxiv: "2410.24206",
    },
    {
      citation: "Damian et al. 2022",
      title: "Self-Stabilization: The Implicit Bias of Gradient Descent at the Edge of Stability",
      arxiv: "2209.15594",
    },
  ],
  needs: [
    needOptimizer,
    needObjective,
    needSeries("the gradient's norm", "gradient/norm"),
    needSeries("the rate of progressive sharpening", "sharpness/progressive"),
    needSeries("the length of the sharpness' gradient", "sharpness/gradientNorm"),
  ],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score,
};
