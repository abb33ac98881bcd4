/**
 * L42, experimental: the local learning coefficient of a linear network. λ counts directions in which the loss rises, each for a half. Where a network of linear layers
 * x ↦ x·W₁·…·W_L + b has learned the best map of its data, and that map has full rank, any small change of the map comes from a change of the weights, and whatever
 * else changes in them leaves the loss as it is, so that
 *
 *   λ  =  (inputs·outputs + biases of the last layer)/2,
 *
 * however many weights there are, where in a regular model of as many it would be half their number.
 *
 * Sources: Aoyagi and Watanabe 2005, main theorem, for two layers, of which this is the case of full rank; for more layers derived here: the product of matrices of
 * full rank is a submersion, and the coefficient of L∘f at a regular point of f is that of L, a square. Checked there by sampling (oracle tests of the observable).
 *
 * Assumes hidden layers no narrower than inputs or outputs, no decay or penalty, and modes of the data none of which is so weak that its curvature is below what the
 * observable resolves. Maps of lower rank are left out: there λ depends on where training ends.
 *
 * Forecast, at the first measurement: λ once the loss is that of the best map, by the last measurement there. Interval: that of a sample of some thirty draws,
 * 0.3/√λ, and 8 % for wells that are no parabolas at the sample's temperature, in square, one standard error of ln λ. In float64, on 54 random networks (1 to 3 layers, 64 to
 * 256 examples, λ of 1 to 20) 133 of 162 samples lay within it; of more than one layer they are some 5 % too high.
 */
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import { gaussianDecile } from "../bootstrap.ts";
import { endOfRun } from "../law.ts";
import {
  firstFailure,
  needObjective,
  needOptimizer,
  needSeries,
  oneOptimizer,
  regimeOf,
  squaredError,
  unchecked,
} from "../regime.ts";
import type { RunView } from "../runView.ts";
import { unmeasured, verdictOn } from "../score.ts";
import { isAtBestMap, linearData, needLinearStack } from "./linearStack.ts";

const observable = "learningCoefficient/local";

/** The weakest mode's part of the strongest's signal, below which its directions might count as flat. */
const weakest = 1 / 25;

/** What is to learn, times nβ, over λ: below it the sample's temperature is such that it leaves the well. */
const leastDepth = 2;

/** Of ln λ: of one sample, over √λ, and of whatever is no parabola. */
const errors = { ofSample: 0.3, ofShape: 0.08 };

function coefficientOf(view: RunView): number {
  const entries = view.series("linear/entries");
  return entries.length === 0 ? NaN : entries.valueAt(0) / 2;
}

function checks(view: RunView): readonly RegimeCheck[] {
  const data = linearData(view);
  const signals = data?.modes.map(({ signal }) => signal) ?? [];
  const share = Math.min(...signals) / Math.max(...signals);
  const examples = view.data?.batch ?? NaN;
  const depth =
    (((data?.emptyLoss ?? NaN) - (data?.leastLoss ?? NaN)) * examples) / Math.log(examples) / coefficientOf(view);
  const decays = view.optimizer?.groups.some(({ weightDecay = 0 }) => weightDecay !== 0) ?? false;
  return [
    oneOptimizer(view),
    squaredError(view),
    { condition: "weights do not decay", holds: !decays, saw: decays ? "weight decay" : "no weight decay" },
    {
      condition: `every mode of the data has at least a ${1 / weakest}th of the strongest one's signal`,
      holds: signals.length === 0 ? "unknown" : share >= weakest,
      saw: signals.length === 0 ? "no modes" : `the weakest has ${share.toPrecision(2)} of it`,
    },
    {
      condition: "there are enough examples to tell the best map from its neighbours",
      holds: Number.isNaN(depth) ? "unknown" : depth >= leastDepth,
      saw: Number.isNaN(depth)
        ? "a batch of unknown size"
        : `${depth.toPrecision(2)} times the loss that a sample allows for is to learn`,
    },
  ];
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const subject = "at rest";
  const central = coefficientOf(view);
  const isKnown = (linearData(view)?.modes.length ?? 0) > 0;
  if (spoken(subject) || !isKnown) return [];
  const width = gaussianDecile * Math.hypot(errors.ofSample / Math.sqrt(central), errors.ofShape);
  const [low, high] = [central * Math.exp(-width), central * Math.exp(width)];
  if (!(low > 0 && high < Infinity)) return [];
  const weights = view.models.reduce((sum, { parameters }) => sum + parameters, 0);
  return [
    {
      id: `${learningCoefficientLaw.id}/${subject}@${view.step}`,
      law: learningCoefficientLaw.id,
      subject,
      observable,
      statistic: "value",
      issuedAt: view.step,
      from: view.step + 1,
      to: endOfRun,
      low,
      central,
      high,
      baselines: weights > 0 ? [{ kind: "a regular model of as many weights", value: weights / 2 }] : [],
      assumptions: [
        "Training comes to the best map, and its examples are those that are kept.",
        ...unchecked(learningCoefficientLaw.regime(view)),
      ],
      statement: `At rest, the local learning coefficient is half the entries of the map, ${central}${weights > 0 ? `, and not half of the ${weights} weights` : ""}: the others are redundant.`,
    },
  ];
}

function score(made: Forecast, view: RunView): Verdict | undefined {
  if (view.end === undefined) return undefined;
  const failed = firstFailure(regimeOf(checks(view)));
  if (failed !== undefined) return unmeasured(made, view, "out of regime", `It is no longer so that ${failed}.`);
  const [data, coefficient] = [linearData(view), view.series(observable)];
  const last = coefficient.length - 1;
  if (data === undefined || last < 0 || !isAtBestMap(view, data, coefficient.stepAt(last))) {
    const text = "The coefficient was not measured where the loss had come to that of the best map.";
    return unmeasured(made, view, "unresolved", text);
  }
  const value = coefficient.valueAt(last);
  return verdictOn(made, view, value, `At step ${coefficient.stepAt(last)} it was ${value.toPrecision(3)}.`);
}

export const learningCoefficientLaw: Law = {
  id: "learning-coefficient",
  number: "L42",
  area: "solvable",
  title: "Learning coefficient of a linear network (experimental)",
  statement:
    "At the best map of a network of linear layers the local learning coefficient is half the number of the map's entries, however many weights there are.",
  references: [
    {
      citation: "Aoyagi and Watanabe 2005",
      title: "Stochastic complexities of reduced rank regression in Bayesian estimation",
    },
    {
      citation: "Lau et al. 2023",
      title: "The Local Learning Coefficient: A Singularity-Aware Complexity Measure",
      arxiv: "2308.12108",
    },
  ],
  needs: [
    needOptimizer,
    needObjective,
    needLinearStack,
    needSeries("hidden layers no narrower than inputs or outputs", "linear/flattest"),
    needSeries("the number of the map's entries", "linear/entries"),
  ],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score,
};
