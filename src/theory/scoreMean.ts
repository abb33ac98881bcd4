import type { Forecast, RegimeCheck, Verdict } from "./law.ts";
import { firstFailure, regimeOf } from "./regime.ts";
import type { RunView } from "./runView.ts";
import { timeMean, unmeasured, verdictOn, window } from "./score.ts";

/**
 * The verdict on a forecast of a mean over time: out of regime where the law's checks have failed by then, unresolved where there are
 * fewer than `least` measurements over the steps that it is about.
 */
export function scoreMean(
  made: Forecast,
  view: RunView,
  checks: (view: RunView) => readonly RegimeCheck[],
  least = 1,
): Verdict | undefined {
  if (view.step <= made.to) return undefined;
  const failed = firstFailure(regimeOf(checks(view)));
  if (failed !== undefined) return unmeasured(made, view, "out of regime", `It is no longer so that ${failed}.`);
  const series = view.series(made.observable);
  const { first, end } = window(series, made.from, made.to);
  const mean = timeMean(series, first, end);
  if (end - first < least || !Number.isFinite(mean)) {
    return unmeasured(made, view, "unresolved", "It was measured too seldom near the horizon.");
  }
  return verdictOn(made, view, mean, `Over steps ${made.from} to ${made.to} it was ${mean.toPrecision(4)} on average.`);
}
