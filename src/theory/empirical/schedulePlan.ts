/**
 * How a schedule may go on. The learning rates to come are not recorded: a plan is a guess that the rates so far agree with,
 * named in every forecast that rests on it, and a forecast whose plan was not kept is out of regime.
 */
import type { RunView, Series } from "../runView.ts";
import { rateAt, warmupEnd } from "./recordedCurve.ts";

export interface Plan {
  /** As "cosine to 0.1 of the peak at step 2000". */
  readonly name: string;
  /** Steps up to which it says what the learning rate is. */
  readonly steps: number;
  /** Whether it might go on like that for ever, so that `steps` is no more than as long again. */
  readonly endless: boolean;
  rateAt(step: number): number;
}

/** Difference of learning rates, as a part of the peak, to which a shape must agree with those recorded. */
const exact = 1e-5;

/** The same for what a plan foretold. */
const kept = 0.01;

/** Ends of a cosine that people choose, as parts of the peak. */
const floors = [0, 0.001, 0.01, 0.05, 0.1];

/** A straight decay is followed to this part of the peak: where it stops cannot be seen from its beginning. */
const straightEnd = 0.1;

/** Part of the steps so far over which a learning rate that has not moved is taken for constant. */
const still = 0.25;

/** Part of the peak that must have been lost before a shape is recognized. */
const leastLost = 0.02;

const probes = 32;

/** Plans that agree with the rates so far: one of this run's own shape, and the newest of earlier runs that went on longer. */
export function plansOf(view: RunView, earlier: readonly RunView[]): readonly Plan[] {
  const rates = view.series("optimizer/learningRate");
  if (rates.length < probes) return [];
  const own = constant(rates) ?? cosine(rates) ?? straight(rates);
  const repeated = earlier.toReversed().find((run) => agreesSoFar(rates, run.series("optimizer/learningRate")));
  return [...(own === undefined ? [] : [own]), ...(repeated === undefined ? [] : [repetition(repeated)])];
}

/** Whether the learning rates recorded from a step to another are those of a plan. */
export function isKept(plan: Plan, rates: Series, from: number, to: number): boolean {
  const peak = rates.maximum(0, rates.length);
  const steps = Array.from({ length: probes + 1 }, (_, probe) => from + Math.round((probe * (to - from)) / probes));
  return steps.every((step) => Math.abs(rateAt(rates, step) - plan.rateAt(step)) <= kept * peak);
}

function lastStep(rates: Series): number {
  return rates.stepAt(rates.length - 1);
}

/** The same rate for as long again. */
function constant(rates: Series): Plan | undefined {
  const now = lastStep(rates);
  const rate = rates.valueAt(rates.length - 1);
  const from = Math.floor((1 - still) * now);
  const same = Array.from({ length: probes }, (_, probe) => from + Math.floor((probe * (now - from)) / probes));
  if (!same.every((step) => rateAt(rates, step) === rate)) return undefined;
  return { name: "the learning rate stays as it is", steps: 2 * (now + 1), endless: true, rateAt: () => rate };
}

/** Loshchilov and Hutter 2017, eq. 5, without restarts: from the peak to a floor in half a period of a cosine. */
function cosine(rates: Series): Plan | undefined {
  const found = decayed(rates);
  if (found === undefined) return undefined;
  const { peak, begin, now, rate } = found;
  return floors
    .map((part): Plan => {
      const floor = part * peak;
      const length = (Math.PI * (now - begin)) / Math.acos((2 * (rate - floor)) / (peak - floor) - 1);
      const steps = Math.round(begin + length);
      return {
        name: `a cosine to ${part} of the peak at step ${steps}`,
        steps,
        endless: false,
        rateAt: (step) => floor + ((peak - floor) * (1 + Math.cos((Math.PI * (step - begin)) / length))) / 2,
      };
    })
    .find((plan) => matches(plan, rates, begin, now));
}

function straight(rates: Series): Plan | undefined {
  const found = decayed(rates);
  if (found === undefined) return undefined;
  const { peak, begin, now, rate } = found;
  const slope = (peak - rate) / (now - begin);
  const steps = Math.round(begin + ((1 - straightEnd) * peak) / slope);
  const plan = {
    name: `a straight decay that is at ${straightEnd} of the peak at step ${steps}`,
    steps,
    endless: false,
    rateAt: (step: number) => peak - slope * (step - begin),
  };
  return matches(plan, rates, begin, now) ? plan : undefined;
}

/** Where a decay from the peak began, and where it is; undefined where there is none to recognize yet. */
function decayed(rates: Series) {
  const peak = rates.maximum(0, rates.length);
  const [now, rate] = [lastStep(rates), rates.valueAt(rates.length - 1)];
  if (!(rate >= 0 && rate < (1 - leastLost) * peak)) return undefined;
  let begin = warmupEnd(rates);
  // The last step at the peak, by halving: from there on the rate only falls, or no shape will match.
  let fallen = now;
  while (fallen - begin > 1) {
    const middle = Math.floor((begin + fallen) / 2);
    if (rateAt(rates, middle) >= peak) begin = middle;
    else fallen = middle;
  }
  return now - begin >= probes ? { peak, begin, now, rate } : undefined;
}

function matches(plan: Plan, rates: Series, from: number, to: number): boolean {
  if (!(plan.steps > to && plan.steps < Number.MAX_SAFE_INTEGER)) return false;
  const peak = rates.maximum(0, rates.length);
  return Array.from({ length: probes }, (_, probe) => from + Math.round((probe * (to - from)) / probes)).every(
    (step) => Math.abs(rateAt(rates, step) - plan.rateAt(step)) <= exact * peak,
  );
}

/** Whether an earlier run went on longer, had the same rates so far, and moved them later: else it says no more than a constant. */
function agreesSoFar(rates: Series, before: Series): boolean {
  const now = lastStep(rates);
  if (before.length === 0 || lastStep(before) <= now + 1) return false;
  const peak = rates.maximum(0, rates.length);
  const moves = before.valueAt(before.length - 1) !== rateAt(before, now);
  return (
    moves &&
    Array.from({ length: probes + 1 }, (_, probe) => Math.round((probe * now) / probes)).every(
      (step) => Math.abs(rateAt(before, step) - rateAt(rates, step)) <= exact * peak,
    )
  );
}

function repetition(run: RunView): Plan {
  const rates = run.series("optimizer/learningRate");
  return {
    name: `the learning rates go on as in run ${run.runId}`,
    steps: lastStep(rates) + 1,
    endless: false,
    rateAt: (step) => rateAt(rates, step),
  };
}
