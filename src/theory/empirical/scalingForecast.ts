/** What the scaling law says of a run from smaller ones, and how sure that is. */
import { studentNinth, type Interval } from "../bootstrap.ts";
import { fitScaling, scalingLoss, type ScalingFit, type ScalingRun } from "./scalingFit.ts";

/** Part of the runs, those with most compute, that are forecast from the others as a rehearsal. */
const heldBack = 0.2;

/** Runs below which nothing could be held back and six be left. */
export const leastRuns = 8;

/**
 * How much larger the error is than at the rehearsal, beyond all compute seen. On the runs of Hoffmann et al. 2022, from
 * seven numbers of the smallest of them, one in four more were forecast: errors were 0.9 to 1.8 times the rehearsal's.
 */
const beyondRehearsal = 1.5;

export interface ScalingForecast extends Interval {
  readonly central: number;
  readonly fit: ScalingFit;
  /** Root mean square of ln(loss / forecast) at the rehearsal, or of the fit's residuals where that is larger. */
  readonly error: number;
}

type Target = Pick<ScalingRun, "parameters" | "examples">;

/**
 * Forecasts the loss of runs from others, with its 10 % and 90 % quantiles. The width is measured: the law is fitted to all but
 * the largest runs, those are forecast, and the error is what that came to, 1.5 times as much for a run with more compute than
 * all of them. A bootstrap of the parameters alone would hold where the law is exact, and is too narrow by a factor of three for
 * the runs of Hoffmann et al. 2022. Undefined where either fit is.
 */
export function scalingForecaster(runs: readonly ScalingRun[]): ((target: Target) => ScalingForecast) | undefined {
  if (runs.length < leastRuns) return undefined;
  const fit = fitScaling(runs);
  const sorted = runs.toSorted((one, other) => computeOf(one) - computeOf(other));
  const first = Math.min(runs.length - 2, Math.ceil((1 - heldBack) * runs.length));
  const rehearsal = fit && fitScaling(sorted.slice(0, first), fit.law);
  if (fit === undefined || rehearsal === undefined) return undefined;
  const missed = sorted
    .slice(first)
    .map((run) => Math.log(run.loss / scalingLoss(rehearsal.law, run.parameters, run.examples)));
  const fitted = squares(fit.residuals) / Math.max(1, runs.length - 5);
  const error = Math.sqrt(Math.max(squares(missed) / missed.length, fitted));
  const most = Math.max(...runs.map(computeOf));
  return (target) => {
    const width = (computeOf(target) > most ? beyondRehearsal : 1) * studentNinth(missed.length) * error;
    const central = scalingLoss(fit.law, target.parameters, target.examples);
    return { central, low: central * Math.exp(-width), high: central * Math.exp(width), fit, error };
  };
}

function computeOf({ parameters, examples }: Target): number {
  return parameters * examples;
}

function squares(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value ** 2, 0);
}
