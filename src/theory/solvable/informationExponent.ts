/**
 * L08: how long a network searches for the few directions that its targets depend on. Where the targets are a function of the projection of d Gaussian inputs on
 * one direction, whose expansion in Hermite polynomials begins at degree k (its information exponent), a unit's overlap m with that direction obeys
 *
 *   dm/dt = c·m^(k−1),  m(0) ≈ d^(−1/2),      1 − L/L₀ ∝ m^k,      t = η·step,
 *
 * with a c that does not depend on d: other degrees of the unit's own expansion change its size, not its direction. So the loss stands still, and then falls
 * after a time that is the same for all d for k = 1, grows with ln d for k = 2, and with d^((k−2)/2) for larger k. At a fixed rate: the d^(k−1) examples of the
 * literature are those for the best rate at each d, which itself falls as d^(−k/2).
 *
 * For T the step at which the loss is half, and S = Σ (1 − L/L₀) up to there, which depends on what comes after the start alone and so not on d, the two
 * give, whatever c and the weights' first size are,
 *
 *   d ln T/d ln d = (k − 2)/2 + 2S/T,
 *
 * derived here: the left is ½·m(0)^(2−k)/(c·T), and ∫ m^k dt = m²/(2c) up to a given m. Searches at two input dimensions tell k, which has to be a whole number,
 * and then the end of the search at a third.
 *
 * Sources: Ben Arous, Gheissari and Jagannath 2021 (information exponent); Abbe, Boix-Adsera and Misiakiewicz 2023 (leaps: the first plateau is that of the lowest degree).
 *
 * Assumes gradient descent with one small, constant rate, momentum or none, on a squared error, over examples that do not come again; a first layer whose units began with
 * weights of the same norm at every d. Noise moves an overlap as far, relative to where it began, as it makes the layer's squared norm grow: d·η²·σ²·T/B of it in T steps,
 * for batches of B. Where that is more than a twentieth up to half of the search, it is not the gradient that decides.
 *
 * Forecast, once, when the loss is seen to stand still as high as before: the step at which the search ends, as a mean over what each earlier run says.
 *
 * Interval: a seed is as good as another dimension, ln d being off by 7/√(units of the first layer) (those whose readouts are largest decide, and they are
 * few); and the deficit may stand for half as much again or as little, since drops slow down before their half and readouts grow meanwhile. Of networks with 32 and 40 units and a square
 * for their target (float64, expected gradients, two earlier runs each at two dimensions), from seeds on which no margin was set, 13 of 13 forecasts for 96 inputs after 24 and 256 held,
 * and 7 of 9 for 256 after 20 and 128; the exponents that they showed were 2.0 ± 0.3. Within the earlier runs' dimensions a power law through them is as near.
 */
import { finite } from "../baselines.ts";
import { gaussianDecile } from "../bootstrap.ts";
import type { Forecast, Law, Verdict } from "../law.ts";
import { firstFailure, needObjective, needOptimizer, regimeOf, unchecked } from "../regime.ts";
import type { RunView } from "../runView.ts";
import { unmeasured, verdictOn, weightedLine } from "../score.ts";
import { batchOf } from "../stepBatch.ts";
import { saidBy, searches, spanOf } from "./earlierSearches.ts";
import { asHigh, searchChecks } from "./searchRegime.ts";
import { carriedOn, endOfSearch, isBelow, levelAt, meanOver, shiftByDeficit } from "./searchTime.ts";

/** Factor between the least and the most inputs of earlier runs below which they do not tell k. */
const leastSpan = 4;

/** Relative error of what the deficit stands for: drops slow down, or gather speed, before their half. */
const deficitError = 0.5;

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const said = spoken("") ? undefined : saidBy(searches(view));
  if (said === undefined || asHigh(view, said).holds !== true) return [];
  const { all, inputs, scatter, exponent, deficit, end: central, height } = said;
  const way = Math.abs(meanOver(all, (each) => Math.log(inputs / each.inputs)));
  const shift =
    gaussianDecile *
    Math.hypot(scatter * Math.sqrt(1 + 1 / all.length), deficitError * shiftByDeficit(central, deficit, exponent, way));
  const [low, high] = [carriedOn(central, deficit, exponent, -shift), carriedOn(central, deficit, exponent, shift)];
  if (!(low > view.step + 1 && low < central && central < high) || !Number.isFinite(high)) return [];
  const line = weightedLine(all.map((each) => ({ x: Math.log(each.inputs), y: Math.log(each.end), weight: 1 })));
  const nearest = all.reduce((best, each) =>
    Math.abs(Math.log(each.inputs / inputs)) < Math.abs(Math.log(best.inputs / inputs)) ? each : best,
  );
  const before = all.map((each) => `${each.end} at ${each.inputs}`).join(", ");
  return [
    {
      id: `${informationExponent.id}@${view.step}`,
      law: informationExponent.id,
      subject: "",
      observable: "loss/train",
      statistic: "crossingStep",
      issuedAt: view.step,
      from: view.step + 1,
      to: Math.ceil(2 * high),
      low,
      central,
      high,
      baselines: finite(
        { kind: "the step at which it ended with the nearest number of inputs", value: nearest.end },
        {
          kind: "straight line in log–log through the earlier runs",
          value: line === undefined ? NaN : Math.exp(line.intercept + line.slope * Math.log(inputs)),
        },
      ),
      assumptions: [
        "The targets depend on a few directions of the inputs, in the same way as in the earlier runs.",
        ...unchecked(informationExponent.regime(view)),
      ],
      statement: `With ${inputs} inputs the loss stands still at ${height.toPrecision(3)} while the directions that matter are searched for; after searches of ${before} inputs (information exponent ${exponent}) it will be half of that at about step ${central.toFixed(0)}. Do not stop before.`,
    },
  ];
}

function score(made: Forecast, view: RunView): Verdict | undefined {
  const said = saidBy(searches(view));
  const loss = view.series(made.observable);
  const level = levelAt(said?.height ?? NaN);
  const isOver = view.step > made.to || view.end !== undefined;
  if (!isBelow(loss, level) && !isOver) return undefined;
  const failed = firstFailure(regimeOf(searchChecks(view)));
  if (failed !== undefined) return unmeasured(made, view, "out of regime", `It is no longer so that ${failed}.`);
  const step = endOfSearch(loss, level);
  if (step !== undefined) return verdictOn(made, view, step, `The loss was down to half at step ${step}.`);
  return view.step > made.high
    ? unmeasured(made, view, "broken", `At step ${view.step}, past the interval, the loss had not fallen to half.`)
    : unmeasured(made, view, "unresolved", "The run ended before the search was due to end.");
}

export const informationExponent: Law = {
  id: "information-exponent",
  number: "L08",
  area: "solvable",
  title: "Search for the directions that matter",
  statement:
    "At a fixed small rate, the steps before the loss leaves its first plateau grow with the input dimension d as ln d for information exponent 2, and as d^((k−2)/2) for larger k.",
  references: [
    {
      citation: "Ben Arous, Gheissari and Jagannath 2021",
      title: "Online stochastic gradient descent on non-convex losses from high-dimensional inference",
      arxiv: "2003.10409",
    },
    {
      citation: "Abbe, Boix-Adsera and Misiakiewicz 2023",
      title: "SGD learning on neural networks: leap complexity and saddle-to-saddle dynamics",
      arxiv: "2302.11055",
    },
  ],
  needs: [
    needObjective,
    needOptimizer,
    { what: "the batch's size", met: (view) => batchOf(view) !== undefined },
    {
      what: `2 earlier runs of the same network with other numbers of inputs, ${leastSpan} times as many in one as in another, whose loss fell to half`,
      met: (view) => view.earlier.length >= 2 && spanOf(searches(view)) >= leastSpan,
    },
  ],
  regime: (view) => regimeOf(searchChecks(view)),
  forecast,
  score,
};
