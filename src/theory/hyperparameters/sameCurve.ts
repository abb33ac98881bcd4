/** What laws of transfer between sizes have in common: the loss of a run follows that of an earlier one of another size, step by step. */
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import { finite } from "../baselines.ts";
import { firstFailure, regimeOf, unchecked } from "../regime.ts";
import { oncePer } from "../oncePer.ts";
import type { RunView, Series } from "../runView.ts";
import { unmeasured, verdictOn } from "../score.ts";
import { batchOf } from "../stepBatch.ts";
import { windowMean } from "../windowMean.ts";
import { sameTask } from "./sameTraining.ts";

/** Parts of the earlier run's steps at which losses are compared, and how much of the way to there a mean is taken over. */
const parts = [0.25, 0.5, 1] as const;
const averaged = 0.2;

/** Fall of the earlier run's ln(loss) beyond which losses are too small to be compared. */
const farthest = 3;

/** Standard deviation of ln(loss) between seeds over its fall, in units of 1/width: of small networks, see L16 on the width. */
export const scatterOfSeeds = 6;

/** Steps at whose layers is looked to tell how a network was set up. */
export const early = 64;

/** Factor by which learning rates of schedules that are one may differ at a step. */
const sameRate = 1.05;

/** A network of another size that was trained alike before this one. */
export interface Partner<Growth> {
  readonly view: RunView;
  readonly growth: Growth;
}

/** The newest earlier run that finished on the same task with the same batch, whose model differs in size in the way that `growthOf` looks for. */
export function partnerOf<Growth>(
  view: RunView,
  growthOf: (one: RunView, other: RunView) => Growth | undefined,
): Partner<Growth> | undefined {
  for (const partner of partnersOf(view, growthOf)) return partner;
  return undefined;
}

/** All such runs, the newest first. */
export function* partnersOf<Growth>(
  view: RunView,
  growthOf: (one: RunView, other: RunView) => Growth | undefined,
): Generator<Partner<Growth>> {
  for (const other of view.earlier.toReversed()) {
    if (other.end?.how !== "finished" || batchOf(other) !== batchOf(view) || !sameTask(view, other)) continue;
    const growth = growthOf(view, other);
    if (growth !== undefined) yield { view: other, growth };
  }
}

/** Whether the learning rate has gone, relative to its largest value, as in the other run up to the same step. */
export function sameSchedule(view: RunView, other: RunView): RegimeCheck {
  const [now, then] = [view, other].map((each) => each.series("optimizer/learningRate"));
  const condition = "the learning rate goes as in the earlier run";
  if (now === undefined || then === undefined || now.length === 0 || then.length === 0) {
    const constant = [view, other].every(({ optimizer }) => optimizer?.schedule === "constant");
    return {
      condition,
      holds: constant ? true : "unknown",
      saw: constant ? "both constant" : "no record of the rates",
    };
  }
  const step = Math.min(now.stepAt(now.length - 1), then.stepAt(then.length - 1));
  const ratio = relativeRate(now, step) / relativeRate(then, step);
  const holds = Number.isNaN(ratio) ? "unknown" : ratio <= sameRate && ratio >= 1 / sameRate;
  return {
    condition,
    holds,
    saw: `at step ${step} it is ${ratio.toPrecision(3)} times as large a part of its largest value`,
  };
}

/** The rate at a step over the largest up to there: warmups begin at zero. */
function relativeRate(rates: Series, step: number): number {
  const index = Math.min(rates.length - 1, rates.indexFrom(step));
  return rates.valueAt(index) / rates.maximum(0, index + 1);
}

function stepsBefore(end: number): { readonly from: number; readonly to: number } {
  const to = Math.round(end) - 1;
  return { from: Math.floor((1 - averaged) * to), to };
}

function subjectOf(part: number): string {
  return `after ${part} of the earlier run's steps`;
}

interface SameCurve {
  readonly law: Law;
  readonly other: RunView;
  /** What ln(loss) differs by from the earlier run's by a step, where that had fallen by so much in its logarithm. */
  readonly differsBy: (fall: number, step: number) => { readonly expected: number; readonly halfWidth: number };
  readonly assumption: string;
  /** As "A network 4 times as wide as that". */
  readonly who: string;
}

/** Forecasts of the mean loss at parts of the earlier run's steps: what it was there. */
export function forecastSameCurve(
  view: RunView,
  spoken: (subject: string) => boolean,
  { law, other, differsBy, assumption, who }: SameCurve,
): readonly Forecast[] {
  const losses = other.series("loss/train");
  const start = lossAtStart(other);
  return parts.flatMap((part) => {
    const subject = subjectOf(part);
    if (spoken(subject)) return [];
    const { from, to } = stepsBefore(part * other.step);
    const loss = from > view.step ? windowMean(losses, from, to)?.mean : undefined;
    if (loss === undefined || start === undefined || !(loss > 0)) return [];
    const fall = Math.max(0, Math.log(start / loss));
    if (fall > farthest) return [];
    const { expected, halfWidth } = differsBy(fall, to);
    const central = loss * Math.exp(expected);
    const [low, high] = [central * Math.exp(-halfWidth), central * Math.exp(halfWidth)];
    if (!(low > 0 && low < central) || !Number.isFinite(high)) return [];
    const now = view.series("loss/train");
    return [
      {
        id: `${law.id}/${part}@${view.step}`,
        law: law.id,
        subject,
        observable: "loss/train",
        statistic: "timeMean" as const,
        issuedAt: view.step,
        from,
        to,
        low,
        central,
        high,
        baselines: finite(
          { kind: "persistence", value: now.length === 0 ? NaN : now.valueAt(now.length - 1) },
          { kind: "the earlier run's loss there", value: loss },
        ),
        assumptions: [assumption, ...unchecked(law.regime(view))],
        statement: `${who} of ${other.runId}, with what that asks for changed, follows its loss step by step: ${loss.toPrecision(3)} there by step ${to}, ${central.toPrecision(3)} here.`,
      },
    ];
  });
}

/** Mean of an ended run's first losses, since single batches scatter; undefined where it is not known or not positive. */
export const lossAtStart = oncePer((view: RunView): number | undefined => {
  const first = windowMean(view.series("loss/train"), 0, Math.max(20, Math.round(view.step / 50)));
  return first !== undefined && first.mean > 0 ? first.mean : undefined;
});

/** The verdict on such a forecast. */
export function scoreSameCurve(
  made: Forecast,
  view: RunView,
  checks: (view: RunView) => readonly RegimeCheck[],
): Verdict | undefined {
  // The last of the earlier run's steps may be the last of this one's.
  if (view.step <= made.to && (view.end === undefined || view.step < made.to)) return undefined;
  const failed = firstFailure(regimeOf(checks(view)));
  if (failed !== undefined) return unmeasured(made, view, "out of regime", `It is no longer so that ${failed}.`);
  const loss = windowMean(view.series("loss/train"), made.from, made.to)?.mean;
  if (loss === undefined) {
    return unmeasured(made, view, "unresolved", "Too few losses were recorded there, or not all were finite.");
  }
  return verdictOn(made, view, loss, `Over steps ${made.from} to ${made.to} the loss was ${loss.toPrecision(4)}.`);
}
