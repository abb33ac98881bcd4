/**
 * L19: time to the edge. The sharpness S rises on its own (progressive sharpening) until it meets the stability threshold,
 *
 *   steps left  ≈  (threshold − S) / (dS/dt).
 *
 * Sources: the rise, Cohen et al. 2021, sec. 3.1; its rate −∇L·∇S as a quantity of its own, Damian et al. 2022. There is
 * no theory of why S rises: this is an extrapolation, and says so. Assumes what `edgeOfStability` does, and S below the
 * threshold and rising.
 *
 * The rate is read off the recorded series: weighted least squares on each half of the last quarter of the steps so far,
 * which gives two slopes, the later one carried on with half of the change between them (with none, forecasts come out too
 * late where S accelerates; with all of it, too early). Steps stand for time, since η is constant: scaling S and 1/η
 * together changes nothing.
 *
 * Interval: |ln(true / forecast)| ≤ 0.4 + 0.1 h, where h is the horizon: the steps left over the steps that the rate was
 * fitted on. Beyond h = 10 it says nothing. On 139 runs of small tanh networks in float64 (gradient descent, heavy ball,
 * RMSProp, Adam), measured every 10, 20 or 40 steps, this held for 78 % of 408 forecasts and for 67 % of each run's first;
 * 70 in 106 first forecasts came before half the time to the edge. Of 91 misses 51 are runs that never crossed and 29
 * crossed late, for the sharpness may stall, which no width can mend; where the edge was reached it held for 89 %. ±15 %
 * at short and ±30 % at long horizons would have held for 48 %.
 *
 * It speaks first as soon as it can, and again each time the gap to the threshold has halved.
 */
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import { finite } from "../baselines.ts";
import { constantLearningRate, needOptimizer, regimeOf, unchecked } from "../regime.ts";
import type { RunView, Series } from "../runView.ts";
import { firstCrossing, unmeasured, unseenCrossing, verdictOn, weightedLine } from "../score.ts";
import { edgeChecks } from "./edgeOfStability.ts";
import { stabilityThreshold } from "./stabilityThreshold.ts";

/** Part of the steps so far on which the rate is fitted; more if it holds fewer measurements than this. */
const recent = 0.25;
const leastPoints = 4;

/** Points of a half that are looked at: more would make a line no surer, and every look at a long run dearer. */
const mostPoints = 64;

/** Measurements before those, so that the fit is not about the very first steps. */
const leastBefore = 2;

/** Steps before which it does not speak: in a run's first moments the sharpness soon turns. */
const leastSteps = 300;

/** Part of the change of slope that is carried on. */
const acceleration = 0.5;

/** Longest horizon, in lengths of the stretch that the rate was fitted on. */
const longestHorizon = 10;

/** Smallest part of the first gap at which it still speaks: nearer than this there is nothing left to forecast. */
const leastGap = 1 / 16;

export interface Approach {
  /** Steps from the last measurement to the crossing. */
  readonly stepsLeft: number;
  /** Those, in lengths of the stretch that the rate was fitted on. */
  readonly horizon: number;
}

/**
 * Extrapolates a series to `level` from its last quarter. Undefined where there are too few points, where either half does
 * not rise by more than its measurements' errors, or where a rise that slows down never arrives.
 */
export function approach(series: Series, level: number): Approach | undefined {
  const end = series.length;
  if (end === 0) return undefined;
  const now = series.stepAt(end - 1);
  const first = Math.min(series.indexFrom(now - recent * (now - series.stepAt(0))), end - leastPoints);
  if (first < leastBefore) return undefined;
  const middle = first + Math.floor((end - first) / 2);
  const [earlier, later] = [slopeBetween(series, first, middle + 1), slopeBetween(series, middle, end)];
  if (earlier === undefined || later === undefined) return undefined;
  const curvature = (acceleration * (later.slope - earlier.slope)) / (later.at - earlier.at);
  const slope = later.slope + curvature * (now - later.at);
  const gap = level - series.valueAt(end - 1);
  // gap = slope·t + curvature·t²/2, solved so that a vanishing curvature needs no division by it.
  const discriminant = slope ** 2 + 2 * curvature * gap;
  if (!(slope > 0 && discriminant >= 0)) return undefined;
  const stepsLeft = (2 * gap) / (slope + Math.sqrt(discriminant));
  return { stepsLeft, horizon: stepsLeft / (now - series.stepAt(first)) };
}

/** The slope per step between two indices and the mean step; undefined where it is not above the measurements' errors. */
function slopeBetween(series: Series, first: number, end: number) {
  const points = [];
  let largestError = 0;
  const stride = Math.ceil((end - first) / mostPoints);
  for (let index = first; index < end; index += stride) {
    const [x, y, error] = [series.stepAt(index), series.valueAt(index), series.errorAt(index)];
    // Floored: a measurement that claims no error must not drown out all others.
    points.push({ x, y, weight: 1 / (error ** 2 + (1e-4 * y) ** 2) });
    largestError = Math.max(largestError, error);
  }
  const line = weightedLine(points);
  const span = series.stepAt(end - 1) - series.stepAt(first);
  if (line === undefined || !(line.slope * span > largestError)) return undefined;
  return { slope: line.slope, at: points.reduce((sum, { x }) => sum + x, 0) / points.length };
}

/** Half-width of the interval of ln(steps left), for a horizon. */
export function logHalfWidth(horizon: number): number {
  return 0.4 + 0.1 * horizon;
}

function sharpnessOf(view: RunView) {
  const edge = view.optimizer && stabilityThreshold(view.optimizer);
  return edge && { edge, series: view.series(edge.observable) };
}

/** The series from its first point below the threshold on: an adaptive optimizer may begin far above. */
function fromBelow(series: Series, level: number): Series {
  let start = 0;
  while (start < series.length && !(series.valueAt(start) < level)) start += 1;
  return {
    length: series.length - start,
    stepAt: (index) => series.stepAt(start + index),
    valueAt: (index) => series.valueAt(start + index),
    errorAt: (index) => series.errorAt(start + index),
    indexFrom: (step) => Math.max(0, series.indexFrom(step) - start),
    firstAtLeast: (value, first) => {
      const found = series.firstAtLeast(value, start + first);
      return found && found - start;
    },
    maximum: (first, end) => series.maximum(start + first, start + end),
  };
}

function checks(view: RunView): readonly RegimeCheck[] {
  const now = sharpnessOf(view);
  const last = now === undefined || now.series.length === 0 ? NaN : now.series.valueAt(now.series.length - 1);
  const crossed = now && firstCrossing(now.series, now.edge.value, 0);
  return [
    ...edgeChecks(view),
    {
      condition: "the sharpness is below the threshold",
      holds: now !== undefined && last < now.edge.value,
      saw: `${last.toPrecision(4)} of ${(now?.edge.value ?? NaN).toPrecision(4)}`,
    },
    {
      condition: "it has not been at the edge before",
      holds: now !== undefined && crossed === undefined,
      saw: crossed === undefined ? "no crossing" : `a crossing at step ${crossed.step.toFixed(0)}`,
    },
  ];
}

function forecast(view: RunView): readonly Forecast[] {
  const now = sharpnessOf(view);
  if (now === undefined) return [];
  const { edge } = now;
  const series = fromBelow(now.series, edge.value);
  const reached = approach(series, edge.value);
  if (reached === undefined || reached.horizon > longestHorizon) return [];
  const last = series.length - 1;
  const [step, value] = [series.stepAt(last), series.valueAt(last)];
  if (step < leastSteps) return [];
  const gap = (edge.value - value) / (edge.value - series.valueAt(0));
  if (gap < leastGap) return [];
  const halvings = Math.max(0, Math.floor(-Math.log2(gap)));
  const width = logHalfWidth(reached.horizon);
  const after = (factor: number) => step + reached.stepsLeft * factor;
  const low = after(Math.exp(-width));
  // A slow measurement can be so late that the interval has begun: nothing honest is left to say.
  if (low <= view.step) return [];
  const straight = ((edge.value - value) * (step - series.stepAt(0))) / (value - series.valueAt(0));
  return [
    {
      id: `${timeToEdge.id}/${halvings}@${view.step}`,
      law: timeToEdge.id,
      subject: halvings === 0 ? "whole gap" : `gap/${2 ** halvings}`,
      observable: edge.observable,
      statistic: "crossingStep",
      issuedAt: view.step,
      from: view.step + 1,
      to: Math.ceil(after(2 * Math.exp(width))),
      low,
      central: after(1),
      high: after(Math.exp(width)),
      baselines: finite({ kind: "straight line from the first measurement", value: step + straight }),
      assumptions: [
        "An extrapolation of the sharpness as recorded: there is no theory of why it rises.",
        "The learning rate stays as it is.",
        ...unchecked(timeToEdge.regime(view)),
      ],
      statement: `At its present rate the sharpness reaches ${edge.formula} = ${edge.value.toPrecision(4)} at about step ${after(1).toFixed(0)}.`,
    },
  ];
}

function score(made: Forecast, view: RunView): Verdict | undefined {
  const then = sharpnessOf(view.at(made.issuedAt));
  const now = sharpnessOf(view);
  if (then === undefined || now?.edge.value !== then.edge.value || constantLearningRate(view).holds === false) {
    return unmeasured(made, view, "out of regime", "The optimizer's threshold moved, so that another edge was met.");
  }
  const { edge, series } = now;
  const crossing = firstCrossing(series, edge.value, made.from);
  const seen = series.length === 0 ? 0 : series.stepAt(series.length - 1);
  const waited = seen >= made.to || (view.end !== undefined && seen > made.high);
  if (crossing === undefined && !waited) return undefined;
  const unseen = unseenCrossing(series, edge.value, made.from);
  if (unseen !== undefined && !decides(made, unseen.before, crossing?.step ?? Infinity)) {
    const between = `between steps ${unseen.before} and ${unseen.after}`;
    const text = `Measured too seldom to tell: ${between} it may have crossed ${edge.formula} and come back.`;
    return unmeasured(made, view, "unresolved", text);
  }
  if (crossing === undefined) {
    const text = `At step ${seen}, past the interval, it had not crossed ${edge.formula}.`;
    return unmeasured(made, view, "broken", text);
  }
  const measurements = `between the measurements at ${crossing.before} and ${crossing.after}`;
  const text = `It crossed ${edge.formula} at step ${crossing.step.toFixed(0)}, ${measurements}.`;
  return verdictOn(made, view, crossing.step, text);
}

/** Whether the verdict is the same for every crossing between two steps. */
function decides({ low, high }: Forecast, earliest: number, latest: number): boolean {
  return high < earliest || low > latest || (low <= earliest && high >= latest);
}

export const timeToEdge: Law = {
  id: "time-to-edge",
  number: "L19",
  area: "empirical",
  title: "Time to the edge of stability",
  statement: "The sharpness, as it rises, reaches the stability threshold after (threshold − S) / (dS/dt) steps.",
  references: [
    {
      citation: "Cohen et al. 2021",
      title: "Gradient Descent on Neural Networks Typically Occurs at the Edge of Stability",
      arxiv: "2103.00065",
    },
    {
      citation: "Damian et al. 2022",
      title: "Self-Stabilization: The Implicit Bias of Gradient Descent at the Edge of Stability",
      arxiv: "2209.15594",
    },
  ],
  needs: [
    needOptimizer,
    {
      what: `${leastBefore + leastPoints} measurements of the sharpness`,
      met: (view) => {
        const now = sharpnessOf(view);
        // Without a threshold no measurement is needed to see that the law does not apply.
        return now === undefined || now.series.length >= leastBefore + leastPoints;
      },
    },
  ],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score,
};
