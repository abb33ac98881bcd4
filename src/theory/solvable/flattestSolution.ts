/**
 * L04: the flattest solution. A network of L ≥ 2 linear layers has minima of any sharpness above a bound and none below: on a loss
 * ½E‖y − x·W₁·…·W_L‖², with C = E[xᵀx] and the best map W,
 *
 *   sharpness at any minimum  ≥  L·(pᵀCp)^(1/L)·σ^(2−2/L)     for each pair of singular vectors (p, q) of C^½·W, σ its value,
 *
 * so that gradient descent cannot come to rest at one where the bound is above its stability threshold, 2/η or with momentum (2+2β)/η.
 *
 * Source: Mulayoff and Michaeli 2020, for white inputs (C = I: L·s^(2−2/L)). For other C derived here: at a minimum the Hessian is that of
 * Gauss and Newton, and along the direction that pulls every layer towards pqᵀ its quotient is Σ_l ‖(W₁…W_{l−1})ᵀC^½p‖²·‖W_{l+1}…W_L·q‖²;
 * of these L terms the product is at least pᵀCp·σ^(2L−2) by the inequality of Cauchy and Schwarz between neighbours, and the sum at least L times
 * its L-th root. Biases leave it as it is, where the last layer has one and C and W are those of centred data. Assumes hidden layers at
 * least as wide as inputs or outputs, full batches, and no weight decay.
 *
 * Forecasts: below the threshold, that once the loss has come to the best map's the sharpness lies between the bound and the threshold; and from 1.1
 * times the threshold on, that the loss does not come to rest at the best map's. Both are one-sided statements of a theorem, so that all
 * should hold; what is not claimed is that descent comes to a minimum at all, or that it stays stable on the way.
 */
import { baselinesAt } from "../baselines.ts";
import { stabilityThreshold } from "../empirical/stabilityThreshold.ts";
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import { endOfRun } from "../law.ts";
import { learningRateOf, plainDescentChecks } from "../plainDescent.ts";
import { firstFailure, needObjective, needOptimizer, needSeries, regimeOf, unchecked } from "../regime.ts";
import type { RunView } from "../runView.ts";
import { timeMean, unmeasured, verdictOn, window } from "../score.ts";
import { isAtBestMap, linearData, needLinearStack } from "./linearStack.ts";

/** Relative width of what a nearly fitted map and float32 change of the sharpness. */
const margin = 0.03;

/** Bound over threshold from which descent must stay away from all minima by more than a trifle. */
const beyond = 1.1;

/** Steps after which its loss is looked at, and for how long. */
const unrest = { after: 256, during: 256 };

/** Part of what there is to learn that is missing at least once in a while where descent cannot rest. */
const leastUnrest = 0.003;

/** Times the loss of no map: whatever is above it counts as this, for a loss that is lost has not come to rest either. */
const mostUnrest = 1000;

/** Measurements of the sharpness at the minimum that are averaged. */
const averaged = 3;

function checks(view: RunView): readonly RegimeCheck[] {
  const layers = linearData(view)?.layers;
  return [
    ...plainDescentChecks(view, "momentum"),
    {
      condition: "the network has at least two layers",
      holds: layers === undefined ? "unknown" : layers >= 2,
      saw: `${layers ?? "unknown"}`,
    },
  ];
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const data = linearData(view);
  const threshold = view.optimizer && stabilityThreshold(view.optimizer);
  const bound = view.series("linear/flattest");
  if (data === undefined || threshold === undefined || bound.length === 0) return [];
  const flattest = bound.valueAt(0);
  if (!(flattest > 0 && flattest < Infinity)) return [];
  const common = {
    law: flattestSolution.id,
    issuedAt: view.step,
    assumptions: unchecked(flattestSolution.regime(view)),
  };
  if (flattest < threshold.value && !spoken("sharpness at rest")) {
    const sharpness = view.series("sharpness/batch");
    const [low, high] = [(1 - margin) * flattest, (1 + margin) * threshold.value];
    if (sharpness.length === 0) return [];
    return [
      {
        ...common,
        id: `${flattestSolution.id}/rest@${view.step}`,
        subject: "sharpness at rest",
        observable: "sharpness/batch",
        statistic: "timeMean",
        from: view.step + 1,
        to: endOfRun,
        low,
        central: Math.min(1.2 * flattest, Math.sqrt(low * high)),
        high,
        isBound: true,
        baselines: baselinesAt(sharpness, view.step).filter(({ kind }) => kind === "persistence"),
        statement: `No solution is flatter than ${flattest.toPrecision(4)}: where descent comes to one, the sharpness is between that and ${threshold.formula} = ${threshold.value.toPrecision(4)}.`,
      },
    ];
  }
  const loss = view.series("loss/train");
  if (!(flattest > beyond * threshold.value) || spoken("no rest") || loss.length === 0) return [];
  const gap = data.emptyLoss - data.leastLoss;
  const from = view.step + unrest.after;
  return [
    {
      ...common,
      id: `${flattestSolution.id}/no rest@${view.step}`,
      subject: "no rest",
      observable: "loss/train",
      statistic: "maximum",
      from,
      to: from + unrest.during,
      low: data.leastLoss + leastUnrest * gap,
      central: data.emptyLoss,
      high: mostUnrest * data.emptyLoss,
      isBound: true,
      baselines: [],
      statement: `No solution is flatter than ${flattest.toPrecision(4)}, which is above ${threshold.formula} = ${threshold.value.toPrecision(4)}: at this learning rate descent comes to none; it needs one below ${((threshold.value / flattest) * learningRateOf(view)).toPrecision(3)}.`,
    },
  ];
}

function score(made: Forecast, view: RunView): Verdict | undefined {
  const failed = firstFailure(regimeOf(checks(view)));
  if (failed !== undefined) return unmeasured(made, view, "out of regime", `It is no longer so that ${failed}.`);
  return made.subject === "no rest" ? scoreUnrest(made, view) : scoreRest(made, view);
}

function scoreUnrest(made: Forecast, view: RunView): Verdict | undefined {
  if (view.step <= made.to && view.end === undefined) return undefined;
  const loss = view.series("loss/train");
  const { first, end } = window(loss, made.from, made.to);
  const last = loss.length === 0 ? NaN : loss.valueAt(loss.length - 1);
  const largest = end > first ? loss.maximum(first, end) : last;
  if (loss.length > 0 && !(largest <= made.high)) {
    return verdictOn(made, view, made.high, "The loss was lost: descent diverged.");
  }
  if (end <= first || loss.stepAt(end - 1) < made.to - 1) {
    return unmeasured(made, view, "unresolved", `The run ended before step ${made.to}.`);
  }
  const text = `From step ${made.from} to ${made.to} the loss went up to ${largest.toPrecision(4)}.`;
  return verdictOn(made, view, largest, text);
}

/** The first measurements all through which the loss is that of the best map. */
function scoreRest(made: Forecast, view: RunView): Verdict | undefined {
  const data = linearData(view);
  if (data === undefined) return undefined;
  const sharpness = view.series(made.observable);
  const available = sharpness.length - sharpness.indexFrom(made.from);
  for (let count = Math.min(averaged, available); count > 0; count--) {
    if (count < averaged && view.end === undefined) return undefined;
    const first = sharpness.length - count;
    if (!isAtBestMap(view, data, sharpness.stepAt(first))) continue;
    const mean = timeMean(sharpness, first, sharpness.length);
    const text = `At the best map, from step ${sharpness.stepAt(first)} on, the sharpness was ${mean.toPrecision(4)} on average.`;
    return verdictOn(made, view, mean, text);
  }
  if (view.end === undefined) return undefined;
  const text = "The sharpness was not measured where the loss had come to that of the best map.";
  return unmeasured(made, view, "unresolved", text);
}

export const flattestSolution: Law = {
  id: "flattest-solution",
  number: "L04",
  area: "solvable",
  title: "Flattest solution of a linear network",
  statement:
    "No minimum of L linear layers is flatter than L·s^(2−2/L), and descent with a learning rate above 2 over that rests at none.",
  references: [
    {
      citation: "Mulayoff and Michaeli 2020",
      title: "Unique Properties of Flat Minima in Deep Networks",
      arxiv: "2002.04710",
    },
  ],
  needs: [
    needOptimizer,
    needObjective,
    needLinearStack,
    needSeries("hidden layers no narrower than inputs or outputs", "linear/flattest"),
  ],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score,
};
