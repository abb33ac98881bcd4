/**
 * L39: linear mode connectivity. Two runs that are one up to step k, and then see their batches in another order, end in weights between which the loss has a
 * barrier, unless k is late enough. From then on training is stable: on the line between the two ends nothing is higher, and their weights can be
 * averaged.
 *
 *   barrier  =  max over a of L(a·w + (1 − a)·w′)  −  (L(w) + L(w′))/2,    stable where it is less than 2 %
 *
 * Source: Frankle et al. 2020, §2 (definition and limit) and §3 (forks later than a stable one are stable; of training images with LeNet from the start, with
 * ResNet-20 from about 3 % of the steps on, with VGG-16 from 1.5 %). They take the error on test examples; here it is the loss on the kept training examples, of which a
 * cross-entropy falls from that of chance: 2 % of the first loss stand for 2 % of the examples.
 *
 * Assumes that the runs differ in the order of their batches alone, from the step on at which their losses differ. Which step is early
 * enough no theory tells: it is that of earlier forks.
 *
 * Checked in float32 on 233 random classifiers (1 to 3 hidden layers of 12 to 64 units, tanh and ReLU; descent with and without momentum, and Adam; 1500 steps, forks
 * after 0 to 720 of them in two orders, four kept batches of 8 to 32): of forks after 0 steps 56 % had less than 2 %, of those after 720 82 %. Where
 * a fork had less than half of that, so did 96 % of the later ones have less than all of it: 85 % where not all forks of the network did.
 *
 * Forecast, as soon as a run's loss is first another than that of the earlier run, where a fork of the same training that was one for as long or less ended with less
 * than 1 %, and none that was one for as long or longer with 2 % or more: at the end there is no barrier of 2 %. An edge, with nothing said of how much less.
 */
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import { endOfRun } from "../law.ts";
import { sameSchedule } from "../hyperparameters/sameCurve.ts";
import {
  finiteLoss,
  firstFailure,
  needObjective,
  needOptimizer,
  oneOptimizer,
  regimeOf,
  unchecked,
} from "../regime.ts";
import type { RunView } from "../runView.ts";
import { unmeasured, verdictOn } from "../score.ts";
import { isAsLong, late } from "./comparedRuns.ts";
import { barrierPrefix, endedForks, firstLoss, forkOf, type Fork } from "./forks.ts";

/** Part of the first loss below which there is no barrier (Frankle et al. 2020, §2). */
const stable = 0.02;

/** Of an earlier fork, since two orders of batches differ. */
const surelyStable = stable / 2;

function checks(view: RunView): readonly RegimeCheck[] {
  const { objective, data } = view;
  const fork = forkOf(view);
  return [
    oneOptimizer(view),
    {
      condition: "the loss is a cross-entropy",
      holds: objective?.kind === "unknown" ? "unknown" : objective?.kind === "crossEntropy",
      saw: objective?.kind ?? "unknown",
    },
    {
      condition: "batches are parts of the examples, so that they come in an order",
      holds: data?.fullBatch === undefined ? "unknown" : !data.fullBatch,
      saw: data?.fullBatch === true ? "all examples in each" : `batches of ${data?.batch ?? "an unknown number"}`,
    },
    finiteLoss(view),
    ...(fork === undefined ? [] : [sameSchedule(view, fork.other)]),
  ];
}

/** Why an earlier fork makes this one stable, if one does. */
function stableBefore(view: RunView, { shared }: Fork): Fork | undefined {
  const forks = endedForks(view);
  if (forks.some((each) => each.height >= stable && each.shared >= shared)) return undefined;
  return forks
    .filter((each) => each.height < surelyStable && each.shared <= shared)
    .toSorted((one, other) => one.shared - other.shared)
    .at(-1);
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const fork = spoken("") ? undefined : forkOf(view);
  const start = firstLoss(view);
  if (fork === undefined || !(start > 0)) return [];
  const before = stableBefore(view, fork);
  const from = Math.ceil(late * fork.other.step);
  if (before === undefined || !(from > view.step)) return [];
  const { other, shared } = fork;
  return [
    {
      id: `${linearConnectivity.id}@${view.step}`,
      law: linearConnectivity.id,
      subject: "",
      observable: barrierPrefix + other.runId,
      statistic: "value",
      issuedAt: view.step,
      from,
      to: endOfRun,
      low: 0,
      central: (stable / 2) * start,
      high: stable * start,
      isBound: true,
      // Nothing was measured yet that could persist.
      baselines: [],
      assumptions: [
        "The runs differ in the order of their batches alone.",
        ...unchecked(linearConnectivity.regime(view)),
      ],
      statement: `This run was one with ${other.runId} for ${shared} steps, and a fork after ${before.shared} was stable by far: between their last weights the loss is nowhere more than ${(stable * start).toPrecision(2)} above the mean of both, and they can be averaged.`,
    },
  ];
}

/** By the last barrier that was measured. */
function score(made: Forecast, view: RunView): Verdict | undefined {
  if (view.end === undefined) return undefined;
  const failed = firstFailure(regimeOf(checks(view)));
  if (failed !== undefined) return unmeasured(made, view, "out of regime", `It is no longer so that ${failed}.`);
  const other = view.earlier.find(({ runId }) => barrierPrefix + runId === made.observable);
  if (other !== undefined && !isAsLong(view.step, other.step)) {
    return unmeasured(
      made,
      view,
      "out of regime",
      `This run had ${view.step} steps, the earlier one ${other.step}: they have not come as far as each other.`,
    );
  }
  const series = view.series(made.observable);
  const step = series.length === 0 ? NaN : series.stepAt(series.length - 1);
  if (!(step >= made.from)) {
    return unmeasured(made, view, "unresolved", `No barrier was measured from step ${made.from} on.`);
  }
  const value = series.valueAt(series.length - 1);
  return verdictOn(made, view, value, `At step ${step} the barrier was ${value.toPrecision(3)}.`);
}

export const linearConnectivity: Law = {
  id: "linear-connectivity",
  number: "L39",
  area: "universality",
  title: "Averaging runs that began as one",
  statement:
    "Runs that part late enough end in weights between which the loss has no barrier, so that they can be averaged; later forks are stable where earlier ones are.",
  references: [
    {
      citation: "Frankle et al. 2020",
      title: "Linear Mode Connectivity and the Lottery Ticket Hypothesis",
      arxiv: "1912.05671",
    },
  ],
  needs: [
    needObjective,
    needOptimizer,
    {
      what: "an earlier run to its end, set up alike, with the same weights and losses at first and other losses later, as where batches come in another order from some step on",
      met: (view) => forkOf(view) !== undefined,
    },
    {
      what: "another such fork, no later than this one, that ended with less than half of the barrier that counts as one",
      met: (view) => {
        const fork = forkOf(view);
        return fork !== undefined && stableBefore(view, fork) !== undefined;
      },
    },
  ],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score,
};
