/** A run's losses and learning rates as the law of schedules takes them: few points, past the warmup, each a mean. */
import { oncePer } from "../oncePer.ts";
import type { RunView, Series } from "../runView.ts";
import { scheduleOf } from "./schedule.ts";
import type { LossCurve } from "./scheduleFit.ts";

export interface RecordedCurve extends LossCurve {
  /** Largest learning rate so far. */
  readonly peak: number;
  /** Standard deviation of a point about a smooth curve, as a part of the loss. */
  readonly noise: number;
}

const points = 64;

/** Before that many warmups, runs that differ in their seed alone differ by more than what is forecast. */
const warmups = 2;

/** Part of the run before which nothing is taken, for runs without a warmup. */
const leastStart = 0.05;

/** Recorded losses looked at for one point: more would make a mean no surer than the forecasts are. */
const mostLosses = 64;

/** η at a step, that of the step before where none was recorded. */
export function rateAt(rates: Series, step: number): number {
  if (rates.length === 0) return NaN;
  // Nearly always one was recorded at every step.
  const guess = Math.min(step, rates.length - 1);
  const index = rates.stepAt(guess) === step ? guess : Math.min(rates.indexFrom(step), rates.length - 1);
  return rates.valueAt(rates.stepAt(index) > step && index > 0 ? index - 1 : index);
}

/** Step at which η first was within 1 % of its largest value so far. */
export function warmupEnd(rates: Series): number {
  const index = rates.firstAtLeast(0.99 * rates.maximum(0, rates.length), 0);
  return index === undefined ? NaN : rates.stepAt(index);
}

/** Undefined where the schedule is none, or losses are too few, not positive or not finite. */
export function recordedCurve(view: RunView): RecordedCurve | undefined {
  const [rates, losses] = [view.series("optimizer/learningRate"), view.series("loss/train")];
  if (rates.length < points || losses.length < points) return undefined;
  const length = losses.stepAt(losses.length - 1) + 1;
  const peak = rates.maximum(0, rates.length);
  const start = Math.max(warmups * warmupEnd(rates), leastStart * length);
  const first = losses.indexFrom(start);
  const schedule = scheduleOf((step) => rateAt(rates, step), length);
  if (!(peak > 0 && losses.length - first >= points) || schedule === undefined) return undefined;
  const found = Array.from({ length: points }, (_, point) => {
    const [from, to] = [point, point + 1].map((edge) => first + Math.floor((edge * (losses.length - first)) / points));
    return meanPoint(losses, from ?? NaN, to ?? NaN);
  });
  const means = found.map(({ loss }) => loss);
  if (!means.every((loss) => loss > 0 && loss < Infinity)) return undefined;
  return { schedule, steps: found.map(({ step }) => step), losses: means, peak, noise: noiseOf(means) };
}

function meanPoint(losses: Series, from: number, to: number) {
  const stride = Math.max(1, Math.ceil((to - from) / mostLosses));
  let [step, loss, count] = [0, 0, 0];
  for (let index = from; index < to; index += stride) {
    step += losses.stepAt(index);
    loss += losses.valueAt(index);
    count += 1;
  }
  return { step: step / count, loss: loss / count };
}

/**
 * By second differences, in which a smooth curve hardly appears and whose variance is six times that of the points. The spread
 * within a mean would not do: losses of neighbouring steps share the weights, and stray together.
 */
function noiseOf(means: readonly number[]): number {
  const differences = means.slice(1, -1).map((loss, index) => {
    const [before = NaN, after = NaN] = [means[index], means[index + 2]];
    return ((before - 2 * loss + after) / loss) ** 2;
  });
  return Math.sqrt(differences.reduce((sum, each) => sum + each, 0) / differences.length / 6);
}

/** As `recordedCurve`, of a run that has ended. */
export const endedCurve = oncePer((view: RunView) => recordedCurve(view));
