/** Runs that began at the same weights and went on as one, until their batches came in another order. */
import { sameTraining } from "../hyperparameters/sameTraining.ts";
import { oncePer } from "../oncePer.ts";
import type { RunView, Series } from "../runView.ts";
import { batchOf } from "../stepBatch.ts";
import { beganElsewhere } from "./beganElsewhere.ts";
import { isAsLong, late } from "./comparedRuns.ts";

/** Followed by the name of the earlier run. */
export const barrierPrefix = "connectivity/barrier@";

/** So many earlier runs are looked at, the newest ones. */
const mostRuns = 16;

/** A run, another that it was one with, and for how many steps. */
export interface Fork {
  readonly other: RunView;
  readonly shared: number;
}

/**
 * The earlier run that this one was one with for longest; undefined while it still is, or where there is none. What is recorded of both must be the same
 * but for the order of the batches.
 */
export const forkOf = oncePer((view: RunView): Fork | undefined => forkFrom(view, view.earlier));

function forkFrom(view: RunView, earlier: readonly RunView[]): Fork | undefined {
  let longest: Fork | undefined;
  for (const other of earlier.slice(-mostRuns)) {
    if (other.end?.how !== "finished" || !isSetAlike(view, other) || beganElsewhere(view, other) !== false) continue;
    const shared = sharedSteps(view.series("loss/train"), other.series("loss/train"));
    if (shared === undefined) return undefined;
    if (shared >= (longest?.shared ?? 0)) longest = { other, shared };
  }
  return longest;
}

function isSetAlike(one: RunView, other: RunView): boolean {
  const rates = (view: RunView) => JSON.stringify(view.optimizer?.groups.map(({ learningRate }) => learningRate));
  return batchOf(one) === batchOf(other) && rates(one) === rates(other) && sameTraining(one, other);
}

/** Steps before the first at which two runs' losses differ; undefined while none does. */
function sharedSteps(one: Series, other: Series): number | undefined {
  const length = Math.min(one.length, other.length);
  // A loss of zero is so in any order.
  const areSame = (index: number) => one.valueAt(index) === other.valueAt(index) && one.valueAt(index) !== 0;
  if (length === 0 || areSame(length - 1)) return undefined;
  let [same, differs] = [-1, length - 1];
  while (differs - same > 1) {
    const middle = Math.floor((same + differs) / 2);
    if (areSame(middle)) same = middle;
    else differs = middle;
  }
  return one.stepAt(differs);
}

/** How a fork ended: its barrier, as a part of its run's first loss. */
export interface EndedFork extends Fork {
  readonly height: number;
}

/** The loss of the first step, which a network that knows nothing has; NaN where it was not recorded. */
export function firstLoss(view: RunView): number {
  const losses = view.series("loss/train");
  return losses.length > 0 && losses.stepAt(0) === 0 ? losses.valueAt(0) : NaN;
}

/** The last barrier between a run and the one that it was forked from, over its first loss; undefined where it was not measured late, or one went on longer. */
function heightOf(view: RunView, { other }: Fork): number | undefined {
  const series = view.series(barrierPrefix + other.runId);
  const isLate = series.length > 0 && series.stepAt(series.length - 1) >= late * other.step;
  if (!isLate || !isAsLong(view.step, other.step)) return undefined;
  const height = series.valueAt(series.length - 1) / firstLoss(view);
  return Number.isFinite(height) ? height : undefined;
}

/** Ended runs never change, and what was earlier than they were does not either. */
const known = new WeakMap<RunView, { readonly fork: EndedFork | undefined }>();

/** How earlier forks of the same training ended, the newest first. */
export function endedForks(view: RunView): readonly EndedFork[] {
  return view.earlier
    .slice(-mostRuns)
    .toReversed()
    .flatMap((run, index) => {
      if (run.end?.how !== "finished" || !isSetAlike(view, run)) return [];
      let entry = known.get(run);
      if (entry === undefined) {
        const before = view.earlier.slice(0, view.earlier.length - 1 - index);
        known.set(run, (entry = { fork: ended(run, before) }));
      }
      return entry.fork ?? [];
    });
}

function ended(run: RunView, earlier: readonly RunView[]): EndedFork | undefined {
  const fork = forkFrom(run, earlier);
  const height = fork && heightOf(run, fork);
  return fork && height !== undefined ? { ...fork, height } : undefined;
}
