/** Where the law of searches is valid, and how that is known. */
import { early } from "../hyperparameters/sameCurve.ts";
import type { RegimeCheck } from "../law.ts";
import { constantLearningRate, finiteLoss, oneOptimizer, squaredError, undecayedDescent } from "../regime.ts";
import type { RunView } from "../runView.ts";
import { windowMean } from "../windowMean.ts";
import { saidBy, searches, type Said, type Searched } from "./earlierSearches.ts";
import { batchOf } from "../stepBatch.ts";

/** Distance from a whole number at which k is not one, and the standard error with which it is not known; and the largest k. */
const mostUneven = 0.4;
const mostUnsure = 0.5;
const mostExponent = 5;

/** S/T above which there is no plateau, but a fall. */
const mostDeficit = 0.25;

/** Relative change of the loss along a plateau, and of heights between runs that are alike. */
const mostDrift = 0.2;
const sameHeight = 0.15;

/** Relative difference of first norms of a layer between runs: that, and so much over the root of its number of weights, which is what seeds make. */
const sameNorm = { at: 0.05, bySeeds: 2.5 };

/** Steps below which a plateau is too short for what losses are averaged over. */
const shortest = 120;

/** Growth of the first layer's squared norm by noise, and change of any layer's whatever it comes from. */
const mostNoise = 0.05;
const mostMoved = 0.5;

/** Units below which seeds decide. */
const leastUnits = 24;

/** What part of the steps to the end is looked at to tell whether the loss stands as high as before. */
const beginning = 1 / 4;

/** What is asked of a run, and of the earlier ones where there are enough. */
export function searchChecks(view: RunView): readonly RegimeCheck[] {
  const runs = searches(view);
  const said = saidBy(runs);
  return [
    oneOptimizer(view),
    undecayedDescent(view, "momentum"),
    constantLearningRate(view),
    squaredError(view),
    finiteLoss(view),
    ...(said === undefined ? [] : [...earlierChecks(said), ...ownChecks(view, said, runs)]),
  ];
}

/** Of what the earlier runs say, whatever this one does. */
function earlierChecks({ all, units, measured, error, exponent, height }: Said): readonly RegimeCheck[] {
  const steepest = Math.max(...all.map(({ deficit, end }) => deficit / end));
  const drift = Math.max(...all.map((each) => Math.abs(each.drift)));
  const apart = Math.max(...all.map((each) => Math.abs(Math.log(each.height / height))));
  const least = Math.min(...all.map(({ end }) => end));
  return [
    {
      condition: "in the earlier runs the loss stood still, at one height, before it fell",
      holds: steepest <= mostDeficit && drift <= mostDrift && apart <= sameHeight && least >= shortest,
      saw: `for ${least} steps or more; below its height by ${percent(steepest)} on average up to half of it, moving by ${percent(drift)}, on heights that differ by ${percent(apart)} from their mean`,
    },
    {
      condition:
        "the earlier searches' times go with the inputs' number as for one whole information exponent from 2 on",
      holds:
        Math.abs(measured - exponent) <= mostUneven && error <= mostUnsure && exponent >= 2 && exponent <= mostExponent,
      saw: `as for ${measured.toPrecision(2)} ± ${error.toPrecision(1)}`,
    },
    {
      condition: `the first layer has ${leastUnits} units or more`,
      holds: units >= leastUnits,
      saw: `${units}`,
    },
  ];
}

function ownChecks(view: RunView, said: Said, runs: readonly Searched[]): readonly RegimeCheck[] {
  return [
    freshExamples(view, said.end),
    gaussianInputs(view, said.inputs),
    sameStart(view, runs),
    ...littleMoved(view, said, runs),
    asHigh(view, said),
  ];
}

/** Whether examples come again before the search is over: then the time is another. */
function freshExamples(view: RunView, end: number): RegimeCheck {
  const { examples, fullBatch } = view.data ?? {};
  const seen = (batchOf(view) ?? NaN) * end;
  return {
    condition: "no example comes a second time before the search is over",
    holds: fullBatch === true ? false : examples === undefined || Number.isNaN(seen) ? "unknown" : seen <= examples,
    saw: fullBatch === true ? "every step sees the same" : `${examples ?? "an unknown number of"} examples`,
  };
}

/** By what Gaussians would make of the first batch: ‖x‖² of relative variance 2/d, x·y of variance 1/d in units of ‖x‖². */
function gaussianInputs(view: RunView, inputs: number): RegimeCheck {
  const [spread, turned, mean] = ["input/spread", "input/correlationSpread", "input/correlation"].map((name) =>
    firstOf(view, name),
  );
  const looks = [(spread ?? NaN) * (inputs / 2), (turned ?? NaN) * inputs].filter(Number.isFinite);
  const centred = Number.isFinite(mean) ? Math.abs(mean ?? NaN) <= 1 / Math.sqrt(inputs) : "unknown";
  const even = looks.length < 2 ? "unknown" : looks.every((ratio) => ratio <= 2 && ratio >= 0.5);
  return {
    condition: "the inputs are like independent Gaussians of one variance",
    holds: centred === false || even === false ? false : centred === "unknown" ? "unknown" : even,
    saw:
      looks.length === 0
        ? "not measured"
        : `spreads of norms and products ${looks.map((ratio) => ratio.toPrecision(2)).join(" and ")} times theirs`,
  };
}

/** The first value, if it was measured before the first steps; else NaN. */
function firstOf(view: RunView, name: string): number {
  const series = view.series(name);
  return series.length === 0 || series.stepAt(0) >= early ? NaN : series.valueAt(0);
}

function sameStart(view: RunView, runs: readonly Searched[]): RegimeCheck {
  const found = runs.flatMap(({ partner }) =>
    (view.models[0]?.modules ?? []).flatMap(({ path, parameters }) => {
      const name = `weight/norm@${path}`;
      const apart = Math.abs(Math.log(firstOf(view, name) / firstOf(partner.view, name)));
      if (Number.isNaN(apart)) return [];
      const twin = partner.view.models[0]?.modules.find((each) => each.path === path);
      const weights = Math.min(parameters, twin?.parameters ?? parameters);
      return [{ path, apart, allowed: sameNorm.at + sameNorm.bySeeds / Math.sqrt(weights) }];
    }),
  );
  const wrong = found.find(({ apart, allowed }) => apart > allowed);
  return {
    condition: "the layers' weights began with the norms that they had in the earlier runs",
    holds: found.length === 0 ? "unknown" : wrong === undefined,
    saw:
      found.length === 0
        ? "not measured"
        : wrong === undefined
          ? "as far as seeds leave them alike"
          : `those of ${wrong.path} differ by ${percent(wrong.apart)}`,
  };
}

/** Noise makes the first layer grow, in proportion to the inputs and the steps; what else changes weights changes the speed of a search under way. */
function littleMoved(view: RunView, { inputs, end }: Said, runs: readonly Searched[]): readonly RegimeCheck[] {
  const [layer = ""] = runs.map(({ partner }) => partner.growth.layer);
  const grown = [
    normGrowth(view, layer, end / 2),
    ...runs.map(
      ({ partner, search }) =>
        normGrowth(partner.view, layer, search.end / 2) * Math.max(1, (inputs * end) / (search.inputs * search.end)),
    ),
  ].filter(Number.isFinite);
  const moved = [{ view, end }, ...runs.map(({ partner, search }) => ({ view: partner.view, end: search.end }))]
    .flatMap((run) =>
      (view.models[0]?.modules ?? []).map(({ path }) => Math.abs(normGrowth(run.view, path, run.end / 2))),
    )
    .filter(Number.isFinite);
  const [noise, most] = [Math.max(...grown), Math.max(...moved)];
  return [
    {
      condition: "noise moves the first layer's weights by little before the search is over",
      holds: noise === -Infinity ? "unknown" : noise <= mostNoise,
      saw: noise === -Infinity ? "not measured" : `their squared norm grows by ${percent(Math.max(0, noise))}`,
    },
    {
      condition: `no layer's squared norm changes by more than ${percent(mostMoved)} before the search is half over`,
      holds: most === -Infinity ? "unknown" : most <= mostMoved,
      saw: most === -Infinity ? "not measured" : `by ${percent(most)}`,
    },
  ];
}

/** Relative growth of a layer's squared norm by a step; NaN where it was measured once or not at all. */
function normGrowth(view: RunView, layer: string, step: number): number {
  const norms = view.series(`weight/norm@${layer}`);
  const last = norms.indexFrom(step + 1) - 1;
  return last < 1 ? NaN : (norms.valueAt(last) / norms.valueAt(0)) ** 2 - 1;
}

export function asHigh(view: RunView, { height, end }: Said): RegimeCheck {
  const mean = windowMean(view.series("loss/train"), 0, beginning * end)?.mean;
  const ratio = (mean ?? NaN) / height;
  return {
    condition: "the loss stands as high as on the earlier plateaus",
    holds: mean === undefined ? "unknown" : Math.abs(Math.log(ratio)) <= sameHeight,
    saw: mean === undefined ? "too few losses" : `${ratio.toPrecision(3)} times as high`,
  };
}

function percent(part: number): string {
  return `${(100 * part).toPrecision(2)} %`;
}
