/**
 * L12: richness and the learning rate. A network whose outputs are divided by γ is the richer the larger γ is. Where it is lazy, which it is for small
 * γ, the loss depends on the learning rate η and on γ through η/γ² alone, the size of a step in the tangent kernel: with η ∝ γ² the
 * loss at each step stays as it was.
 *
 * Source: Atanasov et al. 2024 (best rates in proportion to γ² below a richness, to γ^(2/L) above it, L the depth). Only the first is spoken of: the second is about
 * the best of several rates at each of several γ, and of none of these is γ recorded. γ is not seen here either, but its square is, as what it does to the
 * largest eigenvalue of the tangent kernel at the beginning.
 *
 * Assumes gradient descent, with momentum or without, two runs that differ in γ and η with η/γ² alike, first losses that are alike, since outputs
 * at the beginning are scaled too, and kernels that have moved by 5 % or less in both.
 *
 * Forecasts, once the kernel was measured: the mean loss at a quarter, a half and all of the earlier run's steps. Interval of ln(loss): 1.8 times how far the kernel
 * moves by then, in the run in which it moves more, as (γ/γ′)² times as far. On tanh networks of one hidden layer (widths 20 and 100, three seeds,
 * γ over a factor of 30, float64) 70 of 84 forecasts held; ln(loss) changed by 0.8 times how far the kernel moved in the median, and by up to 4.9 times.
 */
import type { Forecast, Law, RegimeCheck } from "../law.ts";
import { batchOf } from "../finishedRuns.ts";
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
import type { RunView, Series } from "../runView.ts";
import { mostDrift } from "./lazyDynamics.ts";

/** Factor on the kernel from which on two runs are of different richness. */
const leastFactor = 1.5;

/** Factors within which η·K and first losses must agree. */
const sameStep = 1.03;
const sameLoss = 1.02;

/** Change of ln(loss) over how far the kernel has moved, and what is left open besides. */
const byDrift = 1.8;
const besides = 0.005;

/** The kernel's largest eigenvalue when it was first measured; NaN while it was not. */
function firstKernel(view: RunView): number {
  const largest = view.series("kernel/largest");
  return largest.length === 0 ? NaN : largest.valueAt(0);
}

/** (γ′/γ)²: the one run's kernel over the other's; undefined where they do not differ in it, or in more. */
function kernelFactor(one: RunView, other: RunView): number | undefined {
  const factor = firstKernel(one) / firstKernel(other);
  const differs = factor >= leastFactor || factor <= 1 / leastFactor;
  return differs && sameProblem(one, other) ? factor : undefined;
}

function richnessPartner(view: RunView): Partner<number> | undefined {
  return partnerOf(view, kernelFactor);
}

/** How far the kernel had moved by a step; NaN where that was not measured. */
function driftBy(distance: Series, step: number): number {
  const index = Math.min(distance.length - 1, distance.indexFrom(step));
  return index < 0 ? NaN : distance.valueAt(index);
}

/** Of both runs, the farther: a kernel moves by γ² as far, to second order. */
function expectedDrift({ view, growth }: Partner<number>, step: number): number {
  return Math.max(1, 1 / growth) * driftBy(view.series("kernel/distance"), step);
}

function checks(view: RunView): readonly RegimeCheck[] {
  const { optimizer } = view;
  const partner = richnessPartner(view);
  return [
    oneOptimizer(view),
    {
      condition: "the optimizer is gradient descent, plain or with momentum",
      holds: optimizer?.kind === "sgd" || optimizer?.kind === "momentum",
      saw: optimizer?.name ?? "none",
    },
    constantLearningRate(view),
    finiteLoss(view),
    ...(partner === undefined ? [] : partnerChecks(view, partner)),
  ];
}

function partnerChecks(view: RunView, partner: Partner<number>): readonly RegimeCheck[] {
  const { view: other, growth } = partner;
  const step = (growth * learningRateOf(view)) / learningRateOf(other);
  const momenta = [view, other].map(({ optimizer }) => optimizer?.groups[0]?.momentum ?? 0);
  const [now, then] = [view, other].map((each) => each.series("loss/train"));
  const starts =
    now !== undefined && then !== undefined && now.length * then.length > 0 ? now.valueAt(0) / then.valueAt(0) : NaN;
  const moved = driftBy(view.series("kernel/distance"), Infinity);
  const expected = expectedDrift(partner, Infinity);
  const drift = Math.max(expected, Number.isNaN(moved) ? 0 : moved);
  return [
    {
      condition: "η times the tangent kernel is what it was in the earlier run, with the same momentum",
      holds: step <= sameStep && step >= 1 / sameStep && momenta[0] === momenta[1],
      saw: `${step.toPrecision(3)} times as much`,
    },
    {
      condition: "the first losses are alike",
      holds: Number.isNaN(starts) ? "unknown" : starts <= sameLoss && starts >= 1 / sameLoss,
      saw: `${starts.toPrecision(4)} times that of the earlier run`,
    },
    {
      condition: `the tangent kernel moves by at most ${100 * mostDrift} % of its norm in either run`,
      holds: Number.isNaN(drift) ? "unknown" : drift <= mostDrift,
      saw: Number.isNaN(drift) ? "not measured" : `${(100 * drift).toPrecision(2)} %`,
    },
  ];
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const partner = richnessPartner(view);
  if (partner === undefined) return [];
  return forecastSameCurve(view, spoken, {
    law: richness,
    other: partner.view,
    differsBy: (_, step) => ({ expected: 0, halfWidth: besides + byDrift * expectedDrift(partner, step) }),
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
    needSeries("the tangent kernel's largest eigenvalue", "kernel/largest"),
    {
      what: "an earlier run to its end of the same network with another size of its tangent kernel, as by other factors on the outputs",
      met: (view) => richnessPartner(view) !== undefined,
    },
  ],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score: (made, view) => scoreSameCurve(made, view, checks),
};
