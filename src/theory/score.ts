/** What scoring a forecast takes: errors in units of its interval, skill, time means, crossings, baselines. */
import type { Baseline, Forecast, Outcome, Verdict } from "./law.ts";
import type { RunView, Series } from "./runView.ts";

/** Signed distance from the central value, in half-widths of the interval on that side: ±1 is its edge. */
export function errorInHalfWidths(forecast: Pick<Forecast, "low" | "central" | "high">, measured: number): number {
  const { low, central, high } = forecast;
  const halfWidth = measured < central ? central - low : high - central;
  if (measured === central) return 0;
  return (measured - central) / halfWidth;
}

/**
 * 1 − |error| / |error of the baseline that came nearest|; NaN where that is exactly right or there is none, and nothing can
 * be better.
 */
export function skillOf(central: number, baselines: readonly Baseline[], measured: number): number {
  const errors = baselines.map(({ value }) => Math.abs(measured - value)).filter(Number.isFinite);
  const least = Math.min(...errors);
  return least > 0 && Number.isFinite(least) ? 1 - Math.abs(measured - central) / least : NaN;
}

/** Whether a value lies in the forecast's interval, edges included. */
function isWithin(forecast: Pick<Forecast, "low" | "high">, measured: number): boolean {
  return measured >= forecast.low && measured <= forecast.high;
}

/** The verdict on a measured value: held within the interval, broken outside. Of a bound there is no centre to be near to. */
export function verdictOn(forecast: Forecast, view: RunView, measured: number, reason: string): Verdict {
  const verdict = unmeasured(forecast, view, isWithin(forecast, measured) ? "held" : "broken", reason);
  if (forecast.isBound === true) return { ...verdict, measured };
  return {
    ...verdict,
    measured,
    error: errorInHalfWidths(forecast, measured),
    skill: skillOf(forecast.central, forecast.baselines, measured),
  };
}

/** A verdict for which there is no measured value. */
export function unmeasured(forecast: Forecast, view: RunView, outcome: Outcome, reason: string): Verdict {
  return {
    forecast: forecast.id,
    outcome,
    scoredAt: view.step,
    measured: NaN,
    error: NaN,
    skill: NaN,
    reason,
  };
}

/** The points with `from` ≤ step ≤ `to`, as indices: `first` inclusive, `end` exclusive. */
export function window(series: Series, from: number, to: number): { readonly first: number; readonly end: number } {
  return { first: series.indexFrom(from), end: series.indexFrom(to + 1) };
}

/**
 * Mean over time of a series between two of its points, by the trapezoidal rule: measurements lie as closely as the budget
 * allows, not evenly. The value itself where the two are one point; NaN where there is none or a value is not finite.
 */
export function timeMean(series: Series, first: number, end: number): number {
  if (end - first < 1) return NaN;
  if (end - first === 1) return series.valueAt(first);
  let area = 0;
  for (let index = first + 1; index < end; index++) {
    const width = series.stepAt(index) - series.stepAt(index - 1);
    area += (width * (series.valueAt(index - 1) + series.valueAt(index))) / 2;
  }
  const span = series.stepAt(end - 1) - series.stepAt(first);
  return span > 0 ? area / span : NaN;
}

export interface Crossing {
  /** By linear interpolation between the two measurements around it. */
  readonly step: number;
  readonly before: number;
  readonly after: number;
}

/** First time at `from` or later that a series gets from below `level` to `level` or above; undefined while it has not. */
export function firstCrossing(series: Series, level: number, from: number): Crossing | undefined {
  let index = series.firstAtLeast(level, Math.max(1, series.indexFrom(from)));
  while (index !== undefined) {
    const [low, high] = [series.valueAt(index - 1), series.valueAt(index)];
    if (low < level) {
      const [before, after] = [series.stepAt(index - 1), series.stepAt(index)];
      const fraction = Number.isFinite(high) ? (level - low) / (high - low) : 1;
      return { step: before + fraction * (after - before), before, after };
    }
    index = series.firstAtLeast(level, index + 1);
  }
  return undefined;
}

/** How far below a level a series that has been there may have come back: an overshoot is followed by a dip. */
const dip = 0.8;

/**
 * The first two neighbouring measurements, both below `level`, between which the series may have crossed it and come back
 * unseen: carried on at the rate before, it would have got there, and the later measurement is near. Undefined where the
 * measurements lie closely enough to exclude that.
 */
export function unseenCrossing(
  series: Series,
  level: number,
  from: number,
): { readonly before: number; readonly after: number } | undefined {
  for (let index = Math.max(2, series.indexFrom(from)); index < series.length; index++) {
    const [before, after] = [series.stepAt(index - 1), series.stepAt(index)];
    const [value, later] = [series.valueAt(index - 1), series.valueAt(index)];
    if (value >= level || later >= level) return undefined;
    const rate = (value - series.valueAt(index - 2)) / (before - series.stepAt(index - 2));
    if (value + rate * (after - before) >= level && later >= dip * level) return { before, after };
  }
  return undefined;
}

export interface Line {
  readonly intercept: number;
  readonly slope: number;
}

/**
 * Weighted least squares through points (x, y) with weights w. Undefined below two distinct x.
 * Source: any text on regression, e.g. Seber & Lee 2003, ch. 3.5: slope = Σw(x−x̄)(y−ȳ) / Σw(x−x̄)².
 */
export function weightedLine(
  points: readonly { readonly x: number; readonly y: number; readonly weight: number }[],
): Line | undefined {
  const total = points.reduce((sum, { weight }) => sum + weight, 0);
  const meanX = points.reduce((sum, { x, weight }) => sum + weight * x, 0) / total;
  const meanY = points.reduce((sum, { y, weight }) => sum + weight * y, 0) / total;
  let [covariance, variance] = [0, 0];
  for (const { x, y, weight } of points) {
    covariance += weight * (x - meanX) * (y - meanY);
    variance += weight * (x - meanX) ** 2;
  }
  if (!(variance > 0)) return undefined;
  const slope = covariance / variance;
  return { slope, intercept: meanY - slope * meanX };
}
