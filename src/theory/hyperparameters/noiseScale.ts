/**
 * L33: the gradient noise scale. With Σ the covariance of an example's gradient, G the mean gradient and
 *
 *   B_n = tr Σ / |G|²   (examples),
 *
 * one step with a batch of B gains at best ΔL = ΔL_max / (1 + B_n/B), at the learning rate η = η_max / (1 + B_n/B). To the same
 * loss it takes therefore S(B) = S_min·(1 + B_n/B) steps, and two batches, each at its own rate, compare as
 *
 *   S(B′) / S(B) = (1 + B_n/B′) / (1 + B_n/B),   in particular by (1 + B_n/2B) / (1 + B_n/B) for a doubled batch.
 *
 * Source: McCandlish et al. 2018, eq. 2.5 to 2.8 and 2.11 (the hyperbola (S/S_min − 1)(E/E_min − 1) = 1). B_n is a mean of tr Σ over
 * a mean of |G|², both along the earlier run: a mean of ratios is biased. Assumes plain or heavy-ball descent, a loss that is the
 * mean over examples, a learning rate that is constant, below the stability limit, and changed with the batch as above.
 *
 * Forecast, about a run from an earlier one with another batch: the mean loss at a quarter, a half and three quarters of the earlier
 * run, there being each step of that one worth S(B′)/S(B) steps of this.
 *
 * Interval: steps off by a factor 1.15 either way, and B_n anywhere in its own interval, read on the earlier run's loss, plus the
 * scatter of both means. Checked here on the exact expected loss of quadratics (30 dimensions, power-law spectra, noise isotropic or
 * as the Hessian): with each rate the best for its batch, 88 % of 43 pairs lay within a factor 1.25, the others above. With that factor 90 % of
 * 155 forecasts decided on 60 pairs of sampled runs (spectra, noise, momentum, batches 2 to 128) held, with a median skill of 0.7, and 97 % of 34 on runs of
 * descent without momentum, of whose errors eight in ten were below two thirds of it: hence 1.15.
 */
import type { Forecast, Law, Need, RegimeCheck, Verdict } from "../law.ts";
import {
  constantLearningRate,
  finiteLoss,
  firstFailure,
  needOptimizer,
  oneOptimizer,
  regimeOf,
  unchecked,
} from "../regime.ts";
import { finite } from "../baselines.ts";
import { stabilityThreshold } from "../empirical/stabilityThreshold.ts";
import { gaussianDecile } from "../bootstrap.ts";
import type { RunView } from "../runView.ts";
import { unmeasured, verdictOn } from "../score.ts";
import { batchOf } from "../stepBatch.ts";
import { windowMean, type WindowMean } from "../windowMean.ts";
import { sameTraining } from "./sameTraining.ts";

/** Fewer measurements of the noise say too little: its interval is then wider than what it decides. */
const leastMeasurements = 20;

/** What the law is known to be off by in steps, as a factor. */
const stepError = 1.15;

/** How far learning rates may be from the rule, as a factor. */
const rateError = 1.25;

/** Parts of the earlier run at which its loss is compared, and how much of the way to there the mean is taken over. */
const parts = [0.25, 0.5, 0.75];
const averaged = 0.2;

interface Noise {
  /** B_n in examples, with 10 % and 90 % quantiles from the scatter of both means. */
  readonly scale: number;
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/**
 * The ratio of the means of tr Σ and |G|² over steps, both ends included; undefined where there are too few, or the signal is not clear of zero.
 * The interval adds the relative errors of the two means in square.
 */
export function noiseScaleBetween(view: RunView, from: number, to: number): Noise | undefined {
  const noise = windowMean(view.series("gradient/noise"), from, to);
  const signal = windowMean(view.series("gradient/signal"), from, to);
  if (noise === undefined || signal === undefined || noise.count < leastMeasurements) return undefined;
  if (!(noise.mean > 0 && signal.mean > 2 * signal.standardError)) return undefined;
  const scale = noise.mean / signal.mean;
  const relative = Math.hypot(noise.standardError / noise.mean, signal.standardError / signal.mean);
  const factor = Math.exp(gaussianDecile * relative);
  return { scale, low: scale / factor, high: scale * factor, count: noise.count };
}

/** Steps that a batch needs over those that another needs to the same loss. @param scale B_n, in examples as the batches */
export function stepRatio(scale: number, batch: number, earlier: number): number {
  return (1 + scale / batch) / (1 + scale / earlier);
}

function rateOf(view: RunView): number {
  return view.optimizer?.groups[0]?.learningRate ?? NaN;
}

/** The newest earlier run that differs in the batch. */
function partnerOf(view: RunView): RunView | undefined {
  const batch = batchOf(view);
  return view.earlier.findLast(
    (earlier) => batchOf(earlier) !== undefined && batchOf(earlier) !== batch && sameTraining(view, earlier),
  );
}

function checks(view: RunView): readonly RegimeCheck[] {
  const { optimizer, objective } = view;
  const kind = optimizer?.kind;
  return [
    oneOptimizer(view),
    {
      condition: "the optimizer is gradient descent, plain or with momentum",
      holds: kind === "sgd" || kind === "momentum",
      saw: optimizer?.name ?? "none",
    },
    {
      condition: "the loss is the mean over examples",
      holds: (objective?.reduction ?? "unknown") === "unknown" ? "unknown" : objective?.reduction === "mean",
      saw: objective?.reduction ?? "unknown",
    },
    constantLearningRate(view),
    belowThreshold(view),
    finiteLoss(view),
    ownNoise(view),
    ...partnerChecks(view),
  ];
}

/** Never fails: it says what a person may do about the batch. */
function ownNoise(view: RunView): RegimeCheck {
  const condition = "the run's own gradient noise is measured";
  const [noise, batch] = [noiseScaleBetween(view, view.step / 2, view.step), batchOf(view)];
  if (noise === undefined || batch === undefined) {
    return {
      condition,
      holds: "unknown",
      saw: `fewer than ${leastMeasurements} measurements, or no signal clear of zero`,
    };
  }
  const doubled = stepRatio(noise.scale, 2 * batch, batch);
  const advice = `twice the batch, at ${(1 / doubled).toPrecision(2)} times the learning rate, would take ${doubled.toPrecision(2)} of the steps`;
  return { condition, holds: true, saw: `B_n = ${noise.scale.toPrecision(2)} at a batch of ${batch}: ${advice}` };
}

function belowThreshold(view: RunView): RegimeCheck {
  const edge = view.optimizer && stabilityThreshold(view.optimizer);
  const sharpness = view.series(edge?.observable ?? "");
  const last = sharpness.length === 0 ? NaN : sharpness.valueAt(sharpness.length - 1);
  return {
    condition: "the learning rate is below the stability limit",
    holds: edge === undefined || Number.isNaN(last) ? "unknown" : last < edge.value,
    saw:
      edge === undefined || Number.isNaN(last)
        ? "no sharpness"
        : `${(last / edge.value).toPrecision(2)} of ${edge.formula}`,
  };
}

function partnerChecks(view: RunView): readonly RegimeCheck[] {
  const [partner, batch] = [partnerOf(view), batchOf(view)];
  const other = partner && batchOf(partner);
  if (partner === undefined || other === undefined || batch === undefined) return [];
  const noise = noiseScaleBetween(partner, 0, Math.max(...parts) * partner.step);
  const ratio = noise && stepRatio(noise.scale, batch, other);
  const off = (rateOf(view) / rateOf(partner)) * (ratio ?? NaN);
  return [
    {
      condition: "the earlier run's learning rate is constant and its gradient noise measured",
      holds: partner.optimizer?.schedule === "constant" && noise !== undefined,
      saw: `batch ${other}, B_n ${noise === undefined ? "unknown" : noise.scale.toPrecision(2)}`,
    },
    {
      condition: "the learning rate is changed with the batch, as η ∝ 1/(1 + B_n/B)",
      holds: Number.isFinite(off) && off <= rateError && off >= 1 / rateError,
      saw: `${off.toPrecision(2)} times that`,
    },
  ];
}

/** The window before `step` over which losses are compared there. */
function lossAt(view: RunView, step: number): WindowMean | undefined {
  return windowMean(view.series("loss/train"), Math.ceil((1 - averaged) * step), Math.floor(step));
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const partner = parts.every((part) => spoken(subjectOf(part))) ? undefined : partnerOf(view);
  const [batch, other] = [batchOf(view), partner && batchOf(partner)];
  if (partner === undefined || batch === undefined || other === undefined) return [];
  return parts.flatMap((part) =>
    spoken(subjectOf(part)) ? [] : (forecastAt(view, partner, part, batch, other) ?? []),
  );
}

function subjectOf(part: number): string {
  return `at ${part} of the earlier run`;
}

function forecastAt(view: RunView, partner: RunView, part: number, batch: number, other: number): Forecast | undefined {
  const then = Math.round(part * partner.step);
  const noise = noiseScaleBetween(partner, 0, then);
  const loss = lossAt(partner, then);
  if (noise === undefined || loss === undefined) return undefined;
  const ratio = stepRatio(noise.scale, batch, other);
  const to = Math.round(ratio * then);
  const from = Math.ceil((1 - averaged) * to);
  if (from <= view.step) return undefined;
  const scales = [noise.low, noise.high].map((scale) => stepRatio(scale, batch, other) / ratio);
  // More steps needed leave the loss where the earlier run had been before.
  const late = lossAt(partner, then / (stepError * Math.max(...scales, 1)));
  const early = lossAt(partner, then * stepError * Math.max(...scales.map((scale) => 1 / scale), 1));
  if (late === undefined || early === undefined) return undefined;
  // The means of this run scatter as those of the other, over as many examples; both enter.
  const scatter = gaussianDecile * loss.standardError * Math.SQRT2;
  const low = Math.min(early.mean, loss.mean) - scatter;
  const high = Math.max(late.mean, loss.mean) + scatter;
  if (!(low < high)) return undefined;
  const same = lossAt(partner, Math.min(to, partner.step))?.mean ?? NaN;
  const perExample = lossAt(partner, Math.min((to * batch) / other, partner.step))?.mean ?? NaN;
  return {
    id: `${noiseScale.id}/${part}@${view.step}`,
    law: noiseScale.id,
    subject: subjectOf(part),
    observable: "loss/train",
    statistic: "timeMean",
    issuedAt: view.step,
    from,
    to,
    low,
    central: loss.mean,
    high,
    baselines: finite(
      { kind: "the earlier run's loss after as many steps", value: same },
      { kind: "the earlier run's loss after as many examples", value: perExample },
    ),
    assumptions: [
      `The earlier run ${partner.runId} differs in batch, learning rate and seed only.`,
      `A step sees ${batch} examples (${view.data?.how ?? "as its steps say"}).`,
      "Both learning rates are as good for their batch as each other.",
      ...unchecked(noiseScale.regime(view)),
    ],
    statement: `With B_n = ${noise.scale.toPrecision(3)}, a batch of ${batch} needs ${ratio.toPrecision(3)} times the steps of one of ${other}: ${loss.mean.toPrecision(3)} is reached at step ${to} instead of ${then}.`,
  };
}

function score(made: Forecast, view: RunView): Verdict | undefined {
  if (view.step <= made.to) return undefined;
  const failed = firstFailure(regimeOf(checks(view)));
  if (failed !== undefined) return unmeasured(made, view, "out of regime", `It is no longer so that ${failed}.`);
  const mean = windowMean(view.series("loss/train"), made.from, made.to)?.mean;
  if (mean === undefined) return unmeasured(made, view, "unresolved", "Too few losses were recorded to average.");
  return verdictOn(
    made,
    view,
    mean,
    `Over steps ${made.from} to ${made.to} the loss was ${mean.toPrecision(4)} on average.`,
  );
}

const needBatch: Need = { what: "the batch's size", met: (view) => batchOf(view) !== undefined };

const needNoise: Need = {
  what: "gradient noise measured in this run, or in an earlier one of the same model at another batch",
  met: (view) => view.series("gradient/noise").length > 0 || partnerOf(view) !== undefined,
};

export const noiseScale: Law = {
  id: "noise-scale",
  number: "L33",
  area: "hyperparameters",
  title: "Gradient noise scale",
  statement: "A batch of B needs steps in proportion to 1 + B_n/B to the same loss, with B_n = tr Σ/|G|².",
  references: [
    { citation: "McCandlish et al. 2018", title: "An Empirical Model of Large-Batch Training", arxiv: "1812.06162" },
  ],
  needs: [needOptimizer, needBatch, needNoise],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score,
};
