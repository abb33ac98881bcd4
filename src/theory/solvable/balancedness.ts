/**
 * L03: balancedness. For consecutive weight matrices x ↦ f(x·A)·B with f linear, let D = AᵀA − B·Bᵀ. One step of plain
 * gradient descent, on a full batch or any other, changes it by exactly
 *
 *   D(t+1) − D(t) = η²·(G_AᵀG_A − G_B·G_Bᵀ),
 *
 * because the terms of order η cancel: AᵀG_A = G_B·Bᵀ. For a rectifier, f homogeneous, only the diagonal is (neuron by neuron,
 * biases into it counted with A). In the limit η → 0, D is conserved; over T steps it moves at most by η²·Σ(‖G_A‖² + ‖G_B‖²).
 *
 * Sources: Du, Hu and Lee 2018, thm 2.1 and its proof; Arora, Cohen and Hazan 2018, eq. 5 (linear). Assumes plain gradient
 * descent without momentum or weight decay, no weight penalty, and nothing between the two layers that is not homogeneous.
 *
 * Forecasts, for each pair: the residual of the identity, over ‖A‖² + ‖B‖², stays below 1e-5; and the defect ‖D‖ moves within
 * 500 steps by no more than the bound, as long as gradients do not grow. In float32 (unit roundoff u = 2⁻²⁴) rounding each
 * new weight leaves a residual of at most 2·u = 1.2e-7, since ‖(A+δ)ᵀ(A+δ) − AᵀA‖ ≤ 2·u·‖A‖²; the limit is 84 times that.
 */
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import { endOfRun } from "../law.ts";
import { finiteLoss, firstFailure, needOptimizer, oneOptimizer, regimeOf, unchecked } from "../regime.ts";
import type { RunView, Series } from "../runView.ts";
import { unmeasured, verdictOn, window } from "../score.ts";

/** Relative residual above which the identity is broken. */
const largestResidual = 1e-5;

/** What rounding to float32 leaves, one unit roundoff: 2⁻²⁴. */
const roundoff = 2 ** -24;

/** Steps ahead for which the defect is bounded. */
const horizon = 500;

/** Fewer measurements than this in a window are no test. */
const leastMeasurements = 3;

const residualPrefix = "balance/residual@";

/**
 * Bound on how far ‖D‖ moves in some steps.
 * @param learningRate η
 * @param gradientSquares largest ‖G_A‖² + ‖G_B‖² of a step, in squared loss per squared weight
 * @param steps T
 */
function driftBound(learningRate: number, gradientSquares: number, steps: number): number {
  return learningRate ** 2 * gradientSquares * steps;
}

function pairs(view: RunView): readonly string[] {
  return view
    .observables()
    .flatMap((name) => (name.startsWith(residualPrefix) ? name.slice(residualPrefix.length) : []));
}

function checks(view: RunView): readonly RegimeCheck[] {
  const { optimizer, objective } = view;
  const groups = optimizer?.groups ?? [];
  const plain = optimizer?.kind === "sgd" && groups.every(({ momentum = 0 }) => momentum === 0);
  const decays = groups.some(({ weightDecay = 0 }) => weightDecay !== 0);
  const penalty =
    objective?.regularized === true ? true : (objective?.kind ?? "unknown") === "unknown" ? undefined : false;
  return [
    oneOptimizer(view),
    {
      condition: "the optimizer is plain gradient descent, without momentum",
      holds: optimizer === undefined ? "unknown" : plain,
      saw: optimizer?.name ?? "none",
    },
    { condition: "weights do not decay", holds: !decays, saw: decays ? "weight decay" : "no weight decay" },
    {
      condition: "no weight penalty is part of the loss",
      holds: penalty === undefined ? "unknown" : !penalty,
      saw: penalty === undefined ? "a loss of unknown form" : penalty ? "regularized" : "none",
    },
    finiteLoss(view),
  ];
}

function forecast(view: RunView): readonly Forecast[] {
  return pairs(view).flatMap((pair) =>
    [residualForecast(view, pair), defectForecast(view, pair)].filter((made) => made !== undefined),
  );
}

function residualForecast(view: RunView, pair: string): Forecast {
  return {
    id: `${balancedness.id}/${pair}@${view.step}`,
    law: balancedness.id,
    subject: pair,
    observable: residualPrefix + pair,
    statistic: "maximum",
    issuedAt: view.step,
    from: view.step + 1,
    to: endOfRun,
    low: 0,
    central: roundoff,
    high: largestResidual,
    isBound: true,
    // Rounding noise persists as it is, so that any forecast of its size would seem without skill.
    baselines: [],
    assumptions: [
      "Gradients reach the optimizer as they were computed: no clipping.",
      ...unchecked(balancedness.regime(view)),
    ],
    statement: `A step changes the balance of ${pair} by η²(G_AᵀG_A − G_BG_Bᵀ), to float32 rounding.`,
  };
}

/** Needs two measurements, for the baseline's line. */
function defectForecast(view: RunView, pair: string): Forecast | undefined {
  const [defect, drift, squares] = ["defect", "drift", "gradient"].map((what) =>
    view.series(`balance/${what}@${pair}`),
  );
  const rate = Math.max(...(view.optimizer?.groups ?? []).map(({ learningRate }) => learningRate));
  if (defect === undefined || drift === undefined || squares === undefined || defect.length < 2) return undefined;
  if (view.optimizer?.schedule !== "constant") return undefined;
  const now = defect.valueAt(defect.length - 1);
  const [firstStep, lastStep] = [defect.stepAt(0), defect.stepAt(defect.length - 1)];
  if (lastStep === firstStep) return undefined;
  const slope = (now - defect.valueAt(0)) / (lastStep - firstStep);
  const to = view.step + horizon;
  const steps = to - lastStep;
  // The measured drift has the rounding in it, which at a small learning rate is more than the bound.
  const width = Math.max(driftBound(rate, largest(squares), steps), largest(drift) * steps);
  if (!(width > 0) || !Number.isFinite(now + width + slope)) return undefined;
  return {
    id: `${balancedness.id}/${pair} defect@${view.step}`,
    law: balancedness.id,
    subject: `${pair} defect`,
    observable: `balance/defect@${pair}`,
    statistic: "value",
    issuedAt: view.step,
    from: view.step + 1,
    to,
    low: now - width,
    central: now,
    high: now + width,
    isBound: true,
    baselines: [{ kind: "straight line from the first measurement", value: now + slope * steps }],
    assumptions: ["Gradients do not become larger than they have been.", ...unchecked(balancedness.regime(view))],
    statement: `In ${horizon} steps the defect of ${pair} moves by at most η²·Σ(‖G_A‖² + ‖G_B‖²) ≈ ${width.toPrecision(2)}.`,
  };
}

function largest(series: Series): number {
  return series.maximum(0, series.length);
}

function score(made: Forecast, view: RunView): Verdict | undefined {
  const failed = firstFailure(regimeOf(checks(view)));
  if (failed !== undefined) return unmeasured(made, view, "out of regime", `It is no longer so that ${failed}.`);
  const series = view.series(made.observable);
  const { first, end } = window(series, made.from, made.to);
  return made.statistic === "maximum"
    ? scoreResidual(made, view, series, first, end)
    : scoreDefect(made, view, series, end);
}

function scoreResidual(made: Forecast, view: RunView, series: Series, first: number, end: number): Verdict | undefined {
  const worst = series.maximum(first, end);
  if (end > first && !(worst <= made.high)) {
    const why =
      "gradients that are clipped or changed, layers that are paired wrongly, or an optimizer that is not what it says";
    return verdictOn(
      made,
      view,
      worst,
      `At step ${view.step} the residual was ${worst.toExponential(1)}. Look for ${why}.`,
    );
  }
  if (view.end === undefined) return undefined;
  const count = end - first;
  if (count < leastMeasurements) {
    return unmeasured(made, view, "unresolved", `Measured ${count} times before the run ended, which is too few.`);
  }
  return verdictOn(made, view, worst, `The largest of ${count} residuals was ${worst.toExponential(1)}.`);
}

/** The value at the last measurement at or before the horizon, once the run is past it. */
function scoreDefect(made: Forecast, view: RunView, series: Series, end: number): Verdict | undefined {
  // A measurement at the horizon itself is written after that step's first record.
  if (view.step <= made.to && view.end === undefined) return undefined;
  const [from, step] = [(made.issuedAt + made.to) / 2, end > 0 ? series.stepAt(end - 1) : NaN];
  if (!(step >= from)) return unmeasured(made, view, "unresolved", "It was not measured near the horizon.");
  const value = series.valueAt(end - 1);
  return verdictOn(made, view, value, `At step ${step} the defect was ${value.toPrecision(4)}.`);
}

export const balancedness: Law = {
  id: "balancedness",
  number: "L03",
  area: "solvable",
  title: "Balancedness",
  statement: "Plain gradient descent changes AᵀA − BBᵀ of consecutive layers only at order η², by a known amount.",
  references: [
    {
      citation: "Du, Hu and Lee 2018",
      title: "Algorithmic Regularization in Learning Deep Homogeneous Models: Layers are Automatically Balanced",
      arxiv: "1806.00900",
    },
    {
      citation: "Arora, Cohen and Hazan 2018",
      title: "On the Optimization of Deep Networks: Implicit Acceleration by Overparameterization",
      arxiv: "1802.06509",
    },
  ],
  needs: [
    needOptimizer,
    { what: "two consecutive linear or ReLU layers, measured under plain SGD", met: (view) => pairs(view).length > 0 },
  ],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score,
};
