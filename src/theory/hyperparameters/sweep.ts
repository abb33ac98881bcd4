/** Sweeps: runs that differ in one setting of their optimizer alone, and the value of it at which they lose least. */
import { lastSteps } from "../finishedRuns.ts";
import type { Forecast, RegimeCheck, Verdict } from "../law.ts";
import { firstFailure, regimeOf } from "../regime.ts";
import { oncePer } from "../oncePer.ts";
import type { RunView } from "../runView.ts";
import { unmeasured, verdictOn } from "../score.ts";
import { batchOf } from "../stepBatch.ts";
import { windowMean } from "../windowMean.ts";
import { sameProblem } from "./sameTraining.ts";

/** A run to its end, as a point of a sweep. */
export interface Swept {
  readonly view: RunView;
  /** The value that this run has of what is swept over. */
  readonly setting: number;
  /** Mean of its last losses and the standard error of that; infinite and 0 where it diverged. */
  readonly loss: number;
  readonly error: number;
}

/** Where a sweep's loss is least: between two of its settings, or beyond the last one on a side. */
export type Least =
  | {
      readonly kind: "between";
      readonly at: number;
      /** Standard deviation of ln(at). */
      readonly error: number;
    }
  | { readonly kind: "atMost" | "atLeast"; readonly setting: number };

/** Settings nearer to each other than this factor are one. */
const sameSetting = 1.01;

/**
 * Standard deviation of a vertex over the distance of its outer points, in their logarithm, since the sides of a real curve are not alike. Assumed,
 * and not measured.
 */
const shapeError = 0.1;

/** An ended run as a point; undefined where it was stopped, failed, or has too few losses. */
function sweptRun(view: RunView, setting: number): Swept | undefined {
  if (!(setting > 0 && setting < Infinity)) return undefined;
  const loss = lossOf(view);
  return loss && { ...loss, setting };
}

const lossOf = oncePer((view: RunView): Omit<Swept, "setting"> | undefined => {
  const { end } = view;
  if (end?.how === "diverged") return { view, loss: Infinity, error: 0 };
  const losses = view.series("loss/train");
  if (end?.how !== "finished" || losses.length === 0) return undefined;
  if (!Number.isFinite(losses.valueAt(losses.length - 1))) return { view, loss: Infinity, error: 0 };
  const { from, to } = lastSteps(end.step);
  const mean = windowMean(losses, from, to);
  return mean && { view, loss: mean.mean, error: mean.standardError };
});

/**
 * Earlier runs on the same problem with the same batch, as sweeps: those that are alike but for the setting. The newest run's sweep comes
 * first, and in each the newest run.
 */
export function sweepsBefore(
  view: RunView,
  settingOf: (view: RunView) => number,
  areAlike: (one: RunView, other: RunView) => boolean,
): readonly (readonly [Swept, ...Swept[]])[] {
  const sweeps: [Swept, ...Swept[]][] = [];
  for (const other of view.earlier.toReversed()) {
    if (batchOf(other) !== batchOf(view) || !sameProblem(view, other)) continue;
    const point = sweptRun(other, settingOf(other));
    if (point === undefined) continue;
    const sweep = sweeps.find(([newest]) => areAlike(newest.view, other));
    if (sweep === undefined) sweeps.push([point]);
    else sweep.push(point);
  }
  return sweeps;
}

interface Level {
  readonly x: number;
  readonly loss: number;
  readonly error: number;
}

/** Runs of one setting as one point, in the order of ln(setting). */
function levelsOf(runs: readonly Swept[]): readonly Level[] {
  const groups: Swept[][] = [];
  for (const run of runs.toSorted((one, other) => one.setting - other.setting)) {
    const group = groups.at(-1);
    if (group?.[0] !== undefined && run.setting <= sameSetting * group[0].setting) group.push(run);
    else groups.push([run]);
  }
  return groups.map((group) => {
    const mean = (of: (run: Swept) => number) => group.reduce((sum, run) => sum + of(run), 0) / group.length;
    const squares = mean(({ error }) => error ** 2);
    return {
      x: mean(({ setting }) => Math.log(setting)),
      loss: mean(({ loss }) => loss),
      error: Math.sqrt(squares / group.length),
    };
  });
}

/** How many settings there are with one more run at `setting`. */
export function settingsOf(runs: readonly Swept[], setting: number): number {
  return levelsWith(runs, setting).length;
}

function levelsWith(runs: readonly Swept[], setting: number): readonly Level[] {
  const [first] = runs;
  return levelsOf(first === undefined ? [] : [...runs, { ...first, setting }]);
}

/** The setting at which the least was lost so far; NaN where there is none. */
export function bestSetting(runs: readonly Swept[]): number {
  const best = levelsOf(runs).toSorted((one, other) => one.loss - other.loss)[0];
  return Math.exp(best?.x ?? NaN);
}

/** Standard deviation of ln of what `leastOf` will find near a setting, with one more run at `setting`: what its grid leaves open. */
export function gapOf(runs: readonly Swept[], setting: number, near: number): number {
  const settings = levelsWith(runs, setting).map(({ x }) => x);
  const above = Math.min(
    settings.length - 1,
    Math.max(
      1,
      settings.findIndex((x) => x >= Math.log(near)),
    ),
  );
  return 2 * shapeError * ((settings[above] ?? NaN) - (settings[above - 1] ?? NaN));
}

/**
 * Where the loss is least: the vertex of the parabola in ln(setting) through the best setting and its neighbours. Where a neighbour
 * diverged, the best setting itself, to within what lies between. Undefined with fewer than three settings.
 */
export function leastOf(runs: readonly Swept[]): Least | undefined {
  const levels = levelsOf(runs);
  const index = levels.reduce((best, { loss }, each) => (loss < (levels[best]?.loss ?? NaN) ? each : best), 0);
  const [left, middle, right] = [levels[index - 1], levels[index], levels[index + 1]];
  if (levels.length < 3 || middle === undefined || !Number.isFinite(middle.loss)) return undefined;
  if (left === undefined) return { kind: "atMost", setting: Math.exp(right?.x ?? NaN) };
  if (right === undefined) return { kind: "atLeast", setting: Math.exp(left.x) };
  const across = right.x - left.x;
  if (!Number.isFinite(left.loss + right.loss)) {
    // Uniform over half of the way to either side.
    return { kind: "between", at: Math.exp(middle.x), error: across / 2 / Math.sqrt(12) };
  }
  const at = vertex(left, middle, right);
  const shifted = [left, middle, right].map((moved) => {
    const points = [left, middle, right].map((each) =>
      each === moved ? { ...each, loss: each.loss + each.error } : each,
    );
    const [one = left, two = middle, three = right] = points;
    return vertex(one, two, three) - at;
  });
  const noise = Math.hypot(...shifted);
  return { kind: "between", at: Math.exp(at), error: Math.min(across / 2, Math.hypot(noise, shapeError * across)) };
}

/** Abscissa of the extremum of the parabola through three points. Source: Brent 1973, ch. 5, eq. 3.1. */
function vertex(left: Level, middle: Level, right: Level): number {
  const [before, after] = [middle.x - left.x, middle.x - right.x];
  const [rise, fall] = [middle.loss - left.loss, middle.loss - right.loss];
  const denominator = before * fall - after * rise;
  const at = middle.x - (0.5 * (before ** 2 * fall - after ** 2 * rise)) / denominator;
  return Number.isFinite(at) ? Math.min(right.x, Math.max(left.x, at)) : middle.x;
}

interface Scored {
  readonly setting: number;
  /** Of its sweep, without it. */
  readonly before: readonly Swept[] | undefined;
  /** None of the loss: a run that diverged lost most, and is a point of the sweep. */
  readonly checks: (view: RunView) => readonly RegimeCheck[];
  readonly sameLength: (other: RunView) => boolean;
}

/** The verdict on a forecast of a sweep's best setting, once the run that completes it has ended. */
export function scoreLeast(
  made: Forecast,
  view: RunView,
  { setting, before: runs, checks, sameLength }: Scored,
): Verdict | undefined {
  if (view.end === undefined) return undefined;
  const failed = firstFailure(regimeOf(checks(view)));
  if (failed !== undefined) return unmeasured(made, view, "out of regime", `It is no longer so that ${failed}.`);
  const own = sweptRun(view, setting);
  const [newest] = runs ?? [];
  if (own === undefined || runs === undefined || newest === undefined) {
    return unmeasured(made, view, "unresolved", "The run did not finish, or had too few losses at its end.");
  }
  if (own.loss < Infinity && !sameLength(newest.view)) {
    const lengths = `This run had ${view.step} steps, those of its sweep ${newest.view.step}`;
    return unmeasured(made, view, "out of regime", `${lengths}: their losses cannot be compared.`);
  }
  const least = leastOf([...runs, own]);
  if (least === undefined) return unmeasured(made, view, "unresolved", "There are fewer than three settings.");
  if (least.kind === "between") {
    const reason = `Of ${runs.length + 1} runs the loss was least at ${least.at.toPrecision(3)}, give or take a factor of ${Math.exp(least.error).toPrecision(3)}.`;
    return verdictOn(made, view, least.at, reason);
  }
  const side = least.kind === "atMost" ? "below" : "above";
  const reason = `The loss was least at the ${least.kind === "atMost" ? "smallest" : "largest"} setting: the best is ${side} ${least.setting.toPrecision(3)}.`;
  const isExcluded = least.kind === "atMost" ? made.low > least.setting : made.high < least.setting;
  return unmeasured(made, view, isExcluded ? "broken" : "unresolved", reason);
}
