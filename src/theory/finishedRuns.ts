/** What laws about several runs ask of those that finished. */
import { oncePer } from "./oncePer.ts";
import type { RunView } from "./runView.ts";
import { windowMean } from "./windowMean.ts";
import { batchOf } from "./stepBatch.ts";

/** A run that trained one model with one optimizer to its end. */
export interface FinishedRun {
  readonly view: RunView;
  readonly parameters: number;
  readonly steps: number;
  /** Examples a step. */
  readonly batch: number;
  /** Mean of the training loss over the last steps. */
  readonly loss: number;
  /** The last learning rate over the largest. */
  readonly finalRate: number;
}

/** Part of a run's steps over which its last loss is a mean, and the steps below which that is too few. */
const lastPart = 0.05;
const leastLast = 20;

/** The steps whose mean loss is the final loss of a run of so many, both included. */
export function lastSteps(steps: number): { readonly from: number; readonly to: number } {
  return { from: steps - Math.max(leastLast, Math.ceil(lastPart * steps)), to: steps - 1 };
}

/** The newest learning rate over the largest so far; NaN while there is none. */
export function finalRateOf(view: RunView): number {
  const rates = view.series("optimizer/learningRate");
  return rates.length === 0 ? NaN : rates.valueAt(rates.length - 1) / rates.maximum(0, rates.length);
}

/** An ended run's sizes and final loss; undefined where it did not finish, or one of them is not known or not finite. */
export const finishedRun = oncePer((view: RunView): FinishedRun | undefined => {
  const { end, models, optimizers } = view;
  const [model] = models;
  const batch = batchOf(view);
  if (end?.how !== "finished" || model === undefined || models.length > 1 || optimizers !== 1) return undefined;
  const { from, to } = lastSteps(end.step);
  const loss = windowMean(view.series("loss/train"), from, to)?.mean;
  if (batch === undefined || loss === undefined || from < 0) return undefined;
  return { view, parameters: model.parameters, steps: end.step, batch, loss, finalRate: finalRateOf(view) };
});
