/**
 * L32: transfer across depths (CompleteP). In a residual network whose blocks add 1/l of what they would add in a network l times less deep, at the
 * same learning rate under Adam or AdamW, each block goes on learning and the loss at a step is that of the less deep network.
 *
 * Source: Dey et al. 2025, table 1 with α = 1 (`depthTransfer`). Derived here: the division by l stands before the block's matrices in the
 * gradient as well, so that their gradients, relative to those of matrices outside of the blocks, go as 1/l. That tells the rule from others, of which none is
 * recorded, from what was measured: blocks divided by √l give 1/√l, undivided ones 1.
 *
 * Assumes an adaptive optimizer with the learning rate of the earlier run. What ε and decay ask for besides is small and is not checked.
 *
 * Forecasts, once the first gradients have been seen to go with the depth: the mean loss at a quarter, a half and all of the earlier run's steps, if that had
 * not fallen by more than e³ there. Interval: the scatter of seeds of either run, 6/width of the fall of ln(loss), one standard deviation. On residual tanh
 * networks in float64 (width 32, 4 to 12 blocks, three seeds) 128 of 156 forecasts held, from less deep networks and from deeper ones. From 4 to 16 blocks gradients
 * went as l^−0.87 to l^−1.15 in doublings, and as l^−0.4 and l^0 under the other rules, whose losses were smaller by factors of up to 5 and 270 at a
 * quarter of the steps.
 */
import type { Forecast, Law, RegimeCheck } from "../law.ts";
import { gaussianDecile } from "../bootstrap.ts";
import { finiteLoss, needObjective, needOptimizer, oneOptimizer, regimeOf } from "../regime.ts";
import type { RunView, Series } from "../runView.ts";
import { batchOf } from "../stepBatch.ts";
import { batchRule } from "./batchTransfer.ts";
import { depthGrowth, type DepthGrowth } from "./growth.ts";
import {
  early,
  forecastSameCurve,
  partnerOf,
  sameSchedule,
  scatterOfSeeds,
  scoreSameCurve,
  type Partner,
} from "./sameCurve.ts";

/** Factor within which gradients of blocks must be what the depth asks for. */
const tolerance = 1.22;

/** Part of ln(loss) that is left open where it has not fallen. */
const leastWidth = 0.05;

/** Mean of the logarithms of an observable's first values; NaN where none of them is positive. */
function earlyLogarithm(series: Series): number {
  let [sum, count] = [0, 0];
  for (let index = 0; index < series.length && series.stepAt(index) < early; index++) {
    const log = Math.log(series.valueAt(index));
    if (Number.isFinite(log)) [sum, count] = [sum + log, count + 1];
  }
  return sum / count;
}

/** Mean logarithm of the first gradients of some layers; NaN where one was not measured. */
function meanGradient(view: RunView, paths: readonly string[]): number {
  const logs = paths.map((path) => earlyLogarithm(view.series(`gradient/norm@${path}`)));
  return logs.reduce((sum, each) => sum + each, 0) / logs.length;
}

function gradientCheck(view: RunView, { view: other, growth }: Partner<DepthGrowth>): RegimeCheck {
  const { factor, within, outside } = growth;
  const now = meanGradient(view, within.now) - meanGradient(view, outside.now);
  const then = meanGradient(other, within.then) - meanGradient(other, outside.then);
  const excess = Math.exp(now - then) * factor;
  return {
    condition: "gradients of blocks go as 1/depth, as where what a block adds is divided by it",
    holds: Number.isNaN(excess) ? "unknown" : excess <= tolerance && excess >= 1 / tolerance,
    saw: Number.isNaN(excess)
      ? "too few measurements"
      : `${excess.toPrecision(2)} times what ${factor.toPrecision(3)} times the depth asks for`,
  };
}

function rateCheck(view: RunView, other: RunView): RegimeCheck {
  const [now, then] = [view, other].map(({ optimizer }) => optimizer?.groups.map(({ learningRate }) => learningRate));
  return {
    condition: "learning rates are those of the earlier run",
    holds: now?.every((rate, group) => Math.abs(rate / (then?.[group] ?? NaN) - 1) < 0.01) ?? false,
    saw: `${now?.join(", ") ?? "none"} after ${then?.join(", ") ?? "none"}`,
  };
}

function depthPartner(view: RunView): Partner<DepthGrowth> | undefined {
  return partnerOf(view, depthGrowth);
}

function checks(view: RunView): readonly RegimeCheck[] {
  const partner = depthPartner(view);
  const { optimizer } = view;
  return [
    oneOptimizer(view),
    {
      condition: "the optimizer is adaptive, as Adam",
      holds: optimizer !== undefined && batchRule(optimizer.kind) === "squareRoot",
      saw: optimizer?.name ?? "none",
    },
    finiteLoss(view),
    ...(partner === undefined
      ? []
      : [sameSchedule(view, partner.view), rateCheck(view, partner.view), gradientCheck(view, partner)]),
  ];
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const partner = depthPartner(view);
  if (partner === undefined || gradientCheck(view, partner).holds !== true) return [];
  const { factor, narrowest } = partner.growth;
  return forecastSameCurve(view, spoken, {
    law: depthTransferLaw,
    other: partner.view,
    differsBy: (fall) => ({
      expected: 0,
      halfWidth: leastWidth + (gaussianDecile * Math.SQRT2 * scatterOfSeeds * fall) / narrowest,
    }),
    assumption: "The runs differ in their depths, in what blocks are divided by, and in their seed only.",
    who: `A network ${factor.toPrecision(3)} times as deep as that`,
  });
}

export const depthTransferLaw: Law = {
  id: "depth-transfer",
  number: "L32",
  area: "hyperparameters",
  title: "Transfer across depths (CompleteP)",
  statement:
    "Where what a residual block adds is divided by the depth, and the learning rate stays, the loss at each step does not depend on the depth.",
  references: [
    {
      citation: "Dey et al. 2025",
      title: "Don't be lazy: CompleteP enables compute-efficient deep transformers",
      arxiv: "2505.01618",
    },
  ],
  needs: [
    needObjective,
    needOptimizer,
    { what: "the batch's size", met: (view) => batchOf(view) !== undefined },
    {
      what: "an earlier run to its end of the same network with another number of blocks",
      met: (view) => depthPartner(view) !== undefined,
    },
    {
      what: "gradients of the layers",
      met: (view) => view.observables().some((name) => name.startsWith("gradient/norm@")),
    },
  ],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score: (made, view) => scoreSameCurve(made, view, checks),
};
