/**
 * L22: the largest first learning rate, and what warmup is for. A step is locally unstable where η(t)·S(t) exceeds the optimizer's own
 * constant c: 2 for gradient descent, 2 + 2β for the heavy ball (`stabilityThreshold`). With r = ηS/c, oscillation along the sharpest
 * direction grows each step by the largest root |z| of
 *
 *   z² − (1 + β)(1 − 2r)·z + β = 0      (β = 0: |1 − ηS|),
 *
 * so that the loss spikes within about ln(100)/ln|z| steps where r stays well above 1, and does not where it stays below. Warmup works
 * by letting S fall before η is at its peak.
 *
 * Sources: Gilmer et al. 2021, sec. 3 (instability and warmup); Kalra and Barkeshli 2024 (why S falls); the constants, Cohen et al.
 * 2021. The quadratic was derived here by putting S = r·c/η into the heavy ball's recurrence.
 *
 * Assumes plain or heavy-ball descent, a batch of at least a tenth of the data, and the first steps of a run or of its warmup. Of
 * adaptive optimizers it does not speak: they divide a growing gradient by its own size, and what then becomes of it was not checked.
 *
 * Forecasts, when the sharpness is first measured and each time that r has doubled since, while the rate rises: at r < 0.8, also with
 * the rate risen on as it does, that the largest loss of the next 50 steps is at most 1.5 times the present one; at r > 1.5, the step at
 * which it gets to twice that: at once or within 4·ln(100)/ln|z| steps. In between it says nothing. A measurement of r that contradicts
 * what was assumed, before it is decided, puts it out of regime: S may fall without a spike, and rise to the edge with no change of η.
 *
 * On 56 first steps and 12 warmups of small tanh networks in float64 (r from 0.3 to 5, β 0 and 0.9): where it decided, 40 of 44
 * spikes came in time, none failed to come, and 37 of 38 calm stretches stayed calm.
 */
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import {
  finiteLoss,
  firstFailure,
  largeBatch,
  needOptimizer,
  needSeries,
  oneOptimizer,
  regimeOf,
  unchecked,
} from "../regime.ts";
import { finite } from "../baselines.ts";
import { stabilityThreshold } from "../empirical/stabilityThreshold.ts";
import type { RunView } from "../runView.ts";
import { firstCrossing, unmeasured, verdictOn, window } from "../score.ts";

/** Steps ahead. */
const horizon = 50;

/** r below which no spike is expected, and above which one is. */
const [calm, unstable] = [0.8, 1.5];

/** r below which growth has ceased, whatever was expected. */
const ceased = 1.2;

/** What of the present loss is no spike, and what is one. */
const [noSpike, spike] = [1.5, 2];

/** How much oscillation has to grow to be seen, as in the law's table. */
const growth = 100;

/** Steps in which a run's start is still its start. */
const start = 10;

/** Losses of which the largest stands for the present one: a loss that oscillates is not spiking. */
const recent = 5;

interface Instability {
  /** ηS/c. */
  readonly ratio: number;
  /** As "2/η". */
  readonly formula: string;
  readonly step: number;
  readonly rate: number;
}

/** r at the last measurement of the sharpness, with the learning rate of that step; undefined where either is not known. */
function instabilityOf(view: RunView): Instability | undefined {
  const { optimizer } = view;
  const known = optimizer && stabilityThreshold(optimizer);
  const sharpness = view.series(known?.observable ?? "");
  const rates = view.series("optimizer/learningRate");
  if (optimizer === undefined || known === undefined || sharpness.length === 0 || rates.length === 0) return undefined;
  const step = sharpness.stepAt(sharpness.length - 1);
  const at = Math.min(rates.indexFrom(step), rates.length - 1);
  const rate = rates.valueAt(at);
  const edge = stabilityThreshold(optimizer, rate);
  if (edge === undefined) return undefined;
  const ratio = sharpness.valueAt(sharpness.length - 1) / edge.value;
  return Number.isFinite(ratio) ? { ratio, formula: edge.formula, step, rate } : undefined;
}

/**
 * Factor by which oscillation along the sharpest direction grows in a step; 1 or less where it does not.
 * @param ratio r = ηS/c
 * @param momentum β of the heavy ball; 0 for gradient descent
 */
export function growthPerStep(ratio: number, momentum: number): number {
  const half = ((1 + momentum) * (1 - 2 * ratio)) / 2;
  const discriminant = half ** 2 - momentum;
  return discriminant < 0 ? Math.sqrt(momentum) : Math.abs(half) + Math.sqrt(discriminant);
}

/** By how much the learning rate rises a step, as of late; 0 where it does not. */
function riseOf(view: RunView): number {
  const rates = view.series("optimizer/learningRate");
  if (rates.length < 2) return 0;
  const first = Math.max(0, rates.length - 11);
  const [from, to] = [rates.stepAt(first), rates.stepAt(rates.length - 1)];
  const rise = (rates.valueAt(rates.length - 1) - rates.valueAt(first)) / (to - from);
  return Number.isFinite(rise) ? Math.max(0, rise) : 0;
}

function presentLoss(view: RunView): number {
  const loss = view.series("loss/train");
  return loss.maximum(Math.max(0, loss.length - recent), loss.length);
}

function checks(view: RunView): readonly RegimeCheck[] {
  const group = view.optimizer?.groups[0];
  const now = instabilityOf(view);
  const kind = view.optimizer?.kind;
  return [
    oneOptimizer(view),
    {
      condition: "the optimizer is gradient descent, plain or heavy-ball",
      holds: (kind === "sgd" || kind === "momentum") && group?.nesterov !== true,
      saw: view.optimizer?.name ?? "none",
    },
    largeBatch(view, 0.1, "a step sees the whole data set, or a tenth of it"),
    finiteLoss(view),
    {
      condition: "ηS/c is known",
      holds: now === undefined ? "unknown" : true,
      saw:
        now === undefined
          ? "no sharpness with a learning rate"
          : `${now.ratio.toPrecision(2)} of ${now.formula} at step ${now.step}: a rate ${(1 / now.ratio).toPrecision(2)} times as large is the largest stable one there`,
    },
  ];
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const now = instabilityOf(view);
  if (now === undefined || !(now.ratio > 0) || view.step - now.step > 1) return [];
  const rise = riseOf(view);
  const isStart = view.step <= start;
  if (!isStart && rise === 0) return [];
  const later = now.ratio * (1 + (rise * horizon) / now.rate);
  const level = later < calm ? `below ${2 ** Math.ceil(Math.log2(now.ratio))} of the limit` : "above the limit";
  const subject = isStart ? "start" : `warmup, ${level}`;
  if (spoken(subject)) return [];
  const loss = presentLoss(view);
  if (!(loss > 0) || !Number.isFinite(loss * 10)) return [];
  const common = {
    id: `${firstLearningRate.id}/${subject}@${view.step}`,
    law: firstLearningRate.id,
    subject,
    observable: "loss/train",
    issuedAt: view.step,
    from: view.step + 1,
    to: view.step + horizon,
    assumptions: [
      rise === 0 ? "The learning rate stays as it is." : "The learning rate rises on as it does.",
      "The sharpness stays on its side of the limit.",
      ...unchecked(firstLearningRate.regime(view)),
    ],
  };
  const seen = `ηS is ${now.ratio.toPrecision(2)} times the limit`;
  if (later < calm) {
    return [
      {
        ...common,
        statistic: "maximum",
        low: 0,
        central: loss,
        high: noSpike * loss,
        isBound: true,
        baselines: [],
        statement: `${seen}: the loss does not spike above ${(noSpike * loss).toPrecision(3)} in the next ${horizon} steps.`,
      },
    ];
  }
  const steps = Math.log(growth) / Math.log(growthPerStep(now.ratio, view.optimizer?.groups[0]?.momentum ?? 0));
  // It is to be there well within the horizon.
  if (!(now.ratio > unstable) || !(4 * steps < horizon)) return [];
  return [
    {
      ...common,
      statistic: "crossingStep",
      low: view.step + 0.5,
      central: view.step + Math.max(1, steps),
      high: view.step + Math.max(3, 4 * steps),
      baselines: finite({ kind: "no spike within the horizon", value: view.step + horizon }),
      statement: `${seen}: the loss spikes to twice its ${loss.toPrecision(3)} in about ${steps.toFixed(0)} steps.`,
    },
  ];
}

function score(made: Forecast, view: RunView): Verdict | undefined {
  return made.statistic === "maximum" ? scoreCalm(made, view) : scoreSpike(made, view);
}

/** r at each measurement of the sharpness within the horizon, up to now. */
function ratios(made: Forecast, view: RunView): readonly number[] {
  const edge = view.optimizer && stabilityThreshold(view.optimizer);
  const sharpness = view.series(edge?.observable ?? "");
  const { first, end } = window(sharpness, made.from, made.to);
  return Array.from({ length: end - first }, (_, index) => sharpness.stepAt(first + index)).flatMap(
    (step) => instabilityOf(view.at(step))?.ratio ?? [],
  );
}

function scoreCalm(made: Forecast, view: RunView): Verdict | undefined {
  const loss = view.series("loss/train");
  const { first, end } = window(loss, made.from, made.to);
  const largest = loss.maximum(first, end);
  const isOver = view.step > made.to;
  if (end === first || (!(largest > made.high) && !Number.isNaN(largest) && !isOver)) return undefined;
  if (ratios(made, view).some((ratio) => ratio > calm)) {
    return unmeasured(made, view, "out of regime", `ηS came above ${calm} of the limit before the horizon.`);
  }
  const measured = Number.isFinite(largest) ? largest : Number.MAX_VALUE;
  return verdictOn(
    made,
    view,
    measured,
    `Up to step ${Math.min(view.step, made.to)} the largest loss was ${largest.toPrecision(3)}.`,
  );
}

function scoreSpike(made: Forecast, view: RunView): Verdict | undefined {
  const level = spike * presentLoss(view.at(made.issuedAt));
  const loss = view.series("loss/train");
  const crossing = firstCrossing(loss, level, made.from);
  const { first, end } = window(loss, made.from, made.to);
  const notFinite = Number.isNaN(loss.maximum(first, end));
  if (crossing !== undefined && crossing.after <= made.to) {
    const text = `The loss came to ${level.toPrecision(3)} at step ${crossing.after}.`;
    return verdictOn(made, view, Math.max(crossing.step, made.low), text);
  }
  if (notFinite) return unmeasured(made, view, "held", "The loss ceased to be a number.");
  if (view.step <= made.to) return undefined;
  if (ratios(made, view).some((ratio) => ratio < ceased)) {
    return unmeasured(made, view, "out of regime", `The sharpness fell until ηS was below ${ceased} of the limit.`);
  }
  const failed = firstFailure(regimeOf(checks(view)));
  if (failed !== undefined) return unmeasured(made, view, "out of regime", `It is no longer so that ${failed}.`);
  return unmeasured(made, view, "broken", `Up to step ${made.to} the loss stayed below ${level.toPrecision(3)}.`);
}

export const firstLearningRate: Law = {
  id: "first-learning-rate",
  number: "L22",
  area: "hyperparameters",
  title: "Largest first learning rate, and warmup",
  statement:
    "The loss spikes where η times the sharpness stays above the optimizer's constant; warmup lets the sharpness fall first.",
  references: [
    {
      citation: "Gilmer et al. 2021",
      title: "A Loss Curvature Perspective on Training Instability in Deep Learning",
      arxiv: "2110.04369",
    },
    {
      citation: "Kalra and Barkeshli 2024",
      title: "Why Warmup the Learning Rate? Underlying Mechanisms and Improvements",
      arxiv: "2406.09405",
    },
  ],
  needs: [
    needOptimizer,
    needSeries("the learning rate", "optimizer/learningRate"),
    {
      what: "a measurement of the sharpness",
      met: (view) => {
        const edge = view.optimizer && stabilityThreshold(view.optimizer);
        // Without a constant no measurement is needed to see that the law does not apply.
        return edge === undefined || view.series(edge.observable).length > 0;
      },
    },
  ],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score,
};
