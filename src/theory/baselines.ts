/** What naive forecasters say: persistence, a straight line, and a straight line in log–log. */
import type { Baseline } from "./law.ts";
import type { Series } from "./runView.ts";
import { weightedLine } from "./score.ts";

/** Those that say something. */
export function finite(...baselines: readonly Baseline[]): readonly Baseline[] {
  return baselines.filter(({ value }) => Number.isFinite(value));
}

/**
 * The naive forecasts of a series at step `to`, from its points in the later half of the steps seen: its last value; the
 * least-squares line through them; and, where steps and values are positive, the line through their logarithms.
 */
export function baselinesAt(series: Series, to: number): readonly Baseline[] {
  if (series.length === 0) return [];
  const last = series.length - 1;
  const persistence = { kind: "persistence", value: series.valueAt(last) };
  const points = thinned(series, series.indexFrom((series.stepAt(0) + series.stepAt(last)) / 2));
  const line = weightedLine(points.map(([x, y]) => ({ x, y, weight: 1 })));
  const logarithmic = points.every(([x, y]) => x > 0 && y > 0)
    ? weightedLine(points.map(([x, y]) => ({ x: Math.log(x), y: Math.log(y), weight: 1 })))
    : undefined;
  return finite(
    persistence,
    { kind: "straight line", value: line === undefined ? NaN : line.intercept + line.slope * to },
    {
      kind: "straight line in log–log",
      value: logarithmic === undefined ? NaN : Math.exp(logarithmic.intercept + logarithmic.slope * Math.log(to)),
    },
  );
}

/** So many points of a long series decide its line as well as all of them. */
const mostPoints = 512;

function thinned(series: Series, first: number): readonly (readonly [step: number, value: number])[] {
  const count = series.length - first;
  const stride = Math.max(1, Math.ceil(count / mostPoints));
  const points: (readonly [number, number])[] = [];
  // From the end, so that the newest is among them.
  for (let index = series.length - 1; index >= first; index -= stride) {
    const value = series.valueAt(index);
    if (Number.isFinite(value)) points.push([series.stepAt(index), value]);
  }
  return points.reverse();
}
