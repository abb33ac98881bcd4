/**
 * L12: the best learning rate of rich networks. Where all L matrices of a network are followed by functions with φ(s·x) = s·φ(x), its outputs h are of degree L in the
 * weights W. Divided by γ and with W = γ^(1/L)·V they are h(V), and descent on W at the rate η is descent on V at η·γ^(−2/L). What is left of γ is where V
 * begins, γ^(−1/L) from zero, which matters little once weights have grown: the best rate goes as
 *
 *   η ∝ γ^(2/L),
 *
 * and not as γ², as it does in lazy networks (`richness`).
 *
 * Source: Atanasov et al. 2024 (optimal rates at γ ≫ 1); the derivation is written out here. γ is not seen, but before the first step outputs are next to
 * nothing, and the gradient goes as 1/γ. Biases are not of the right degree, and matter less the larger γ is.
 *
 * Assumes gradient descent, with momentum or without, at a constant rate, on a squared error; first losses that are alike; weights that have
 * grown to 1.2 times their size in the best runs of both sweeps; a loss that has not fallen to nothing, for where it does any rate is as good as another.
 *
 * Forecast, once for a sweep over η, in a run at a third value of it or a later one, as long as the best of those before is not between two others, from a sweep at another
 * γ, its best between two others: the rate at which the loss of the last steps is least.
 *
 * Interval: 0.15 of the exponent and 0.2 of the logarithm, with what a sweep's grid leaves open. On ReLU networks of 2 to 4 matrices (12 to 48 units, with biases
 * or without, momentum 0 or 0.9, full batches, float64) with γ from 4 to 128, the best rates of 206 of 284 pairs of sweeps lay within.
 */
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import { endOfRun } from "../law.ts";
import { finite } from "../baselines.ts";
import { gaussianDecile } from "../bootstrap.ts";
import {
  bestSetting,
  gapOf,
  leastOf,
  scoreLeast,
  settingsOf,
  sweepsBefore,
  type Swept,
} from "../hyperparameters/sweep.ts";
import { learningRateOf } from "../plainDescent.ts";
import {
  constantLearningRate,
  needObjective,
  needOptimizer,
  oneOptimizer,
  regimeOf,
  squaredError,
  unchecked,
  undecayedDescent,
} from "../regime.ts";
import { oncePer } from "../oncePer.ts";
import type { RunView, Series } from "../runView.ts";
import { batchOf } from "../stepBatch.ts";
import { isHomogeneous } from "./activationFunctions.ts";
import { plainChain, type PlainChain } from "./plainChain.ts";

/** Factors on γ between which sweeps tell something of each other. */
const [leastFactor, mostFactor] = [1.5, 10];

/** Factors within which γ, lengths and first losses are one. */
const same = { gamma: 1.1, length: 1.02, loss: 1.1 };

/** By how much weights must have grown, and what must be left of the loss. */
const [leastGrowth, leastLeft] = [1.2, 1e-6];

/** What is left open: of the exponent, and of ln η besides. */
const open = { exponent: 0.15, rate: 0.2 };

function first(series: Series): number {
  return series.length > 0 && series.stepAt(0) === 0 ? series.valueAt(0) : NaN;
}

function firstGradient(view: RunView): number {
  return first(view.series("gradient/norm"));
}

function firstLoss(view: RunView): number {
  return first(view.series("loss/train"));
}

function isNear(one: number, other: number, factor: number): boolean {
  return one <= factor * other && other <= factor * one;
}

function momentumOf({ optimizer }: RunView): number {
  return optimizer?.groups[0]?.momentum ?? 0;
}

/** The layers of a network that is nothing but dense ones, one after the other; else what stands in the way. */
function chainOf({ models: [model] }: RunView): PlainChain {
  return model === undefined ? { obstacle: "no model" } : plainChain(model);
}

/** Root of the sum of the weights' squares at the end, over what it was at first; NaN where it was not measured. */
function growthOf(view: RunView): number {
  const norms = view
    .observables()
    .filter((name) => name.startsWith("weight/norm@"))
    .map((name) => view.series(name));
  const [before, after] = [
    norms.map(first),
    norms.map((each) => (each.length > 0 ? each.valueAt(each.length - 1) : NaN)),
  ];
  return norms.length === 0 ? NaN : Math.hypot(...after) / Math.hypot(...before);
}

interface Sweeps {
  /** Runs with this one's γ, to which it will belong. */
  readonly own: readonly [Swept, ...Swept[]];
  readonly base: readonly [Swept, ...Swept[]];
  readonly best: { readonly at: number; readonly error: number };
  /** This γ over that of the other sweep. */
  readonly factor: number;
}

const sweepsOf = oncePer((view: RunView): Sweeps | undefined => {
  const areAlike = (one: RunView, other: RunView) =>
    isNear(one.step, other.step, same.length) &&
    momentumOf(one) === momentumOf(other) &&
    isNear(firstGradient(one), firstGradient(other), same.gamma);
  const all = sweepsBefore(view, learningRateOf, areAlike);
  const own = all.find(([{ view: other }]) => isNear(firstGradient(view), firstGradient(other), same.gamma));
  if (own === undefined) return undefined;
  const [{ view: now }] = own;
  for (const base of all) {
    const [{ view: then }] = base;
    const factor = firstGradient(then) / firstGradient(now);
    const least = leastOf(base);
    const isOther = isNear(factor, 1, mostFactor) && !isNear(factor, 1, leastFactor);
    const isComparable = isNear(now.step, then.step, same.length) && momentumOf(now) === momentumOf(then);
    if (isOther && isComparable && least?.kind === "between") return { own, base, best: least, factor };
  }
  return undefined;
});

/** The run that lost least. */
function bestRun(runs: readonly Swept[]): RunView | undefined {
  return runs.toSorted((one, other) => one.loss - other.loss)[0]?.view;
}

function checks(view: RunView): readonly RegimeCheck[] {
  const chain = chainOf(view);
  const obstacle =
    "obstacle" in chain
      ? chain.obstacle
      : chain.layers.find(({ activation }) => !isHomogeneous(activation))?.activation;
  const sweeps = sweepsOf(view);
  return [
    oneOptimizer(view),
    undecayedDescent(view, "momentum"),
    constantLearningRate(view),
    squaredError(view),
    {
      condition: "the network is nothing but dense layers with ReLU or nothing behind them",
      holds: obstacle === undefined,
      saw: obstacle ?? "such layers",
    },
    ...(sweeps === undefined ? [] : sweepChecks(view, sweeps)),
  ];
}

function sweepChecks(view: RunView, { own, base, factor }: Sweeps): readonly RegimeCheck[] {
  // At the larger γ weights grow more.
  const best = bestRun(factor > 1 ? base : own);
  const growth = best === undefined ? NaN : growthOf(best);
  const left = Math.min(...base.map(({ loss }) => loss)) / firstLoss(base[0].view);
  const starts = firstLoss(view) / firstLoss(base[0].view);
  return [
    {
      condition: "the first losses are alike",
      holds: Number.isNaN(starts) ? "unknown" : isNear(starts, 1, same.loss),
      saw: `${starts.toPrecision(4)} times that of the other sweep`,
    },
    {
      condition: `weights grow to ${leastGrowth} times their size where least is lost`,
      holds: Number.isNaN(growth) ? "unknown" : growth >= leastGrowth,
      saw: Number.isNaN(growth) ? "not measured" : `${growth.toPrecision(3)} times`,
    },
    {
      condition: "the loss does not fall to nothing",
      holds: Number.isNaN(left) ? "unknown" : left >= leastLeft,
      saw: `${left.toPrecision(2)} of the first is left`,
    },
  ];
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const sweeps = spoken("") ? undefined : sweepsOf(view);
  const [rate, chain] = [learningRateOf(view), chainOf(view)];
  if (sweeps === undefined || "obstacle" in chain) return [];
  const { own, best, factor } = sweeps;
  if (settingsOf(own, rate) < 3 || leastOf(own)?.kind === "between") return [];
  const central = best.at * factor ** (2 / chain.layers.length);
  const error = Math.hypot(open.rate, open.exponent * Math.log(factor));
  const half = Math.hypot(error, gapOf(own, rate, central), gaussianDecile * best.error);
  return [
    {
      id: `${richRate.id}@${view.step}`,
      law: richRate.id,
      subject: "",
      observable: "optimizer/learningRate",
      statistic: "best",
      issuedAt: view.step,
      from: view.step,
      to: endOfRun,
      low: central * Math.exp(-half),
      central,
      high: central * Math.exp(half),
      baselines: finite(
        { kind: "the best rate of the other sweep", value: best.at },
        { kind: "that with the same step of the outputs, as in lazy networks", value: best.at * factor ** 2 },
        { kind: "the best of this sweep so far", value: bestSetting(own) },
      ),
      assumptions: [
        "Layers follow one another in the order in which the model lists them.",
        "The sweeps differ in what outputs are multiplied by, and the runs of each in their rate only.",
        ...unchecked(richRate.regime(view)),
      ],
      statement: `With outputs ${(1 / factor).toPrecision(3)} times as large the loss at the end is least at a learning rate of about ${central.toPrecision(2)}, after ${best.at.toPrecision(2)}: this run has ${rate}.`,
    },
  ];
}

function score(made: Forecast, view: RunView): Verdict | undefined {
  return scoreLeast(made, view, {
    setting: learningRateOf(view),
    before: sweepsOf(view)?.own,
    checks,
    sameLength: (other) => isNear(view.step, other.step, same.length),
  });
}

export const richRate: Law = {
  id: "rich-rate",
  number: "L12",
  area: "limits",
  title: "Richness and the best learning rate",
  statement:
    "Where a network of L matrices is rich, dividing its outputs by γ asks for γ^(2/L) times the learning rate.",
  references: [
    {
      citation: "Atanasov et al. 2024",
      title: "The Optimization Landscape of SGD Across the Feature Learning Strength",
      arxiv: "2410.04642",
    },
  ],
  needs: [
    needObjective,
    needOptimizer,
    { what: "the batch's size", met: (view) => batchOf(view) !== undefined },
    {
      what: `earlier runs of the same network whose learning rates alone differ: 3 or more with another first gradient, as by other factors of up to ${mostFactor} on the outputs, the best of them between two others, and one with this one's`,
      met: (view) => sweepsOf(view) !== undefined,
    },
  ],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score,
};
