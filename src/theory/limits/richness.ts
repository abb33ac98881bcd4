/**
 * L12: richness and the learning rate. A network whose outputs are divided by γ is the richer the larger γ is. Where it is lazy, which it is for small
 * γ, the loss depends on the learning rate η and on γ through η/γ² alone, the size of a step of the outputs: with η ∝ γ² the
 * loss at each step stays as it was.
 *
 * Source: Atanasov et al. 2024 (best rates in proportion to γ² below a richness, to γ^(2/L) above it, L the depth). Only the first is spoken of: the second is about
 * the best of several rates at each of several γ, and of none of these is γ recorded. γ is not seen here either, but its inverse square is, as what it does to the
 * sharpness before the first step; and a network is lazy while its sharpness stays, as the tangent kernel does.
 *
 * Assumes gradient descent, with momentum or without, on a squared error, two runs that differ in γ and η with η times the sharpness alike, first losses that
 * are alike, since outputs at the beginning are scaled too, and a sharpness that changes by 5 % or less in both.
 *
 * Forecasts, after the first loss: the mean loss at a quarter, a half and all of the earlier run's steps. Interval of ln(loss): 2.5 times how far the sharpness
 * has changed by then, in the run in which it changes more, as (γ/γ′)² times as far; 2.5 % of its fall, since other modes may move more than the
 * sharpest; and its fall times by what η·S differs. On tanh networks of one hidden layer (widths 20 and 60, three seeds, γ over a factor of 30,
 * float64) 96 of 108 forecasts held.
 */
import type { Forecast, Law, RegimeCheck } from "../law.ts";
import { forecastSameCurve, partnerOf, scoreSameCurve, type Partner } from "../hyperparameters/sameCurve.ts";
import { sameProblem } from "../hyperparameters/sameTraining.ts";
import { learningRateOf } from "../plainDescent.ts";
import {
  constantLearningRate,
  finiteLoss,
  needObjective,
  needOptimizer,
  needSeries,
  oneOptimizer,
  regimeOf,
} from "../regime.ts";
import type { RunView } from "../runView.ts";
import { batchOf } from "../stepBatch.ts";

/** Factor on the sharpness from which on two runs are of different richness. */
const leastFactor = 1.5;

/** Factors within which η·S and first losses must agree: where outputs are small, curvature is not of the outputs alone. */
const sameStep = 1.1;
const sameLoss = 1.02;

/** Relative change of the sharpness up to which a network is lazy. */
const mostChange = 0.05;

/** Change of ln(loss) over the relative change of the sharpness; and what is left open besides, of its fall, since other modes may move more. */
const byChange = 2.5;
const ofFall = 0.025;

/** The sharpness before the first step; NaN where it was not measured. */
function firstSharpness(view: RunView): number {
  const sharpness = view.series("sharpness/batch");
  return sharpness.length === 0 || sharpness.stepAt(0) > 0 ? NaN : sharpness.valueAt(0);
}

/** (γ′/γ)²: the one run's sharpness over the other's; undefined where they do not differ in it, or in more. */
function sharpnessFactor(one: RunView, other: RunView): number | undefined {
  const factor = firstSharpness(one) / firstSharpness(other);
  const differs = factor >= leastFactor || factor <= 1 / leastFactor;
  return differs && sameProblem(one, other) ? factor : undefined;
}

function richnessPartner(view: RunView): Partner<number> | undefined {
  return partnerOf(view, sharpnessFactor);
}

/** Largest relative change of the sharpness by a step; NaN where it was measured before the first step only. */
function changeBy(view: RunView, step: number): number {
  const sharpness = view.series("sharpness/batch");
  let most = NaN;
  for (let index = 1; index < sharpness.length && sharpness.stepAt(index) <= step; index++) {
    const change = Math.abs(sharpness.valueAt(index) / sharpness.valueAt(0) - 1);
    most = Number.isNaN(most) ? change : Math.max(most, change);
  }
  return most;
}

/** Of both runs, the larger: it goes as γ where it is of first order, and as γ² where it is of second. */
function expectedChange({ view, growth }: Partner<number>, step: number): number {
  return Math.max(1, 1 / growth) * changeBy(view, step);
}

/** How much more a step moves outputs than in the earlier run. */
function stepRatio(view: RunView, { view: other, growth }: Partner<number>): number {
  return (growth * learningRateOf(view)) / learningRateOf(other);
}

function checks(view: RunView): readonly RegimeCheck[] {
  const { optimizer, objective } = view;
  const partner = richnessPartner(view);
  return [
    oneOptimizer(view),
    {
      condition: "the optimizer is gradient descent, plain or with momentum",
      holds: optimizer?.kind === "sgd" || optimizer?.kind === "momentum",
      saw: optimizer?.name ?? "none",
    },
    constantLearningRate(view),
    {
      condition: "the loss is a squared error",
      holds: objective?.kind === "unknown" ? "unknown" : objective?.kind === "meanSquaredError",
      saw: objective?.kind ?? "unknown",
    },
    finiteLoss(view),
    ...(partner === undefined ? [] : partnerChecks(view, partner)),
  ];
}

function partnerChecks(view: RunView, partner: Partner<number>): readonly RegimeCheck[] {
  const { view: other } = partner;
  const step = stepRatio(view, partner);
  const momenta = [view, other].map(({ optimizer }) => optimizer?.groups[0]?.momentum ?? 0);
  const [now, then] = [view, other].map((each) => each.series("loss/train"));
  const starts =
    now !== undefined && then !== undefined && now.length * then.length > 0 ? now.valueAt(0) / then.valueAt(0) : NaN;
  const changed = changeBy(view, Infinity);
  const expected = expectedChange(partner, Infinity);
  const change = Math.max(expected, Number.isNaN(changed) ? 0 : changed);
  return [
    {
      condition: "η times the first sharpness is what it was in the earlier run, with the same momentum",
      holds: step <= sameStep && step >= 1 / sameStep && momenta[0] === momenta[1],
      saw: `${step.toPrecision(3)} times as much`,
    },
    {
      condition: "the first losses are alike",
      holds: Number.isNaN(starts) ? "unknown" : starts <= sameLoss && starts >= 1 / sameLoss,
      saw: `${starts.toPrecision(4)} times that of the earlier run`,
    },
    {
      condition: `the sharpness changes by at most ${100 * mostChange} % in either run`,
      holds: Number.isNaN(change) ? "unknown" : change <= mostChange,
      saw: Number.isNaN(change) ? "not measured" : `${(100 * change).toPrecision(2)} %`,
    },
  ];
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const partner = richnessPartner(view);
  if (partner === undefined) return [];
  return forecastSameCurve(view, spoken, {
    law: richness,
    other: partner.view,
    differsBy: (fall, step) => ({
      expected: 0,
      halfWidth:
        byChange * expectedChange(partner, step) + (ofFall + Math.abs(Math.log(stepRatio(view, partner)))) * fall,
    }),
    assumption: "The runs differ in what outputs are multiplied by and in the learning rate only.",
    who: `With outputs ${Math.sqrt(partner.growth).toPrecision(3)} times as large, the network`,
  });
}

export const richness: Law = {
  id: "richness",
  number: "L12",
  area: "limits",
  title: "Richness and the learning rate",
  statement:
    "Where a network is lazy, dividing its outputs by γ and multiplying the learning rate by γ² leaves the loss at each step as it was.",
  references: [
    {
      citation: "Atanasov et al. 2024",
      title: "The Optimization Landscape of SGD Across the Feature Learning Strength",
      arxiv: "2410.04642",
    },
    {
      citation: "Chizat, Oyallon and Bach 2019",
      title: "On Lazy Training in Differentiable Programming",
      arxiv: "1812.07956",
    },
  ],
  needs: [
    needObjective,
    needOptimizer,
    { what: "the batch's size", met: (view) => batchOf(view) !== undefined },
    needSeries("the sharpness before the first step", "sharpness/batch"),
    {
      what: "an earlier run to its end of the same network with another sharpness at first, as by other factors on the outputs",
      met: (view) => richnessPartner(view) !== undefined,
    },
  ],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score: (made, view) => scoreSameCurve(made, view, checks),
};
