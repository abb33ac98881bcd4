/**
 * L43: the final loss of one run, from its own curve so far. While the learning rate stays, the loss falls as
 *
 *   L(t)  =  a + b·t^−0.6
 *
 * over a few doublings of the steps; bringing the learning rate down at the end then takes another 2 to 4 % off. Where L24 has
 * earlier runs under other schedules, it knows more; this is for a run alone, as a log tells of one.
 *
 * Sources: a power law of the steps above a constant, Kaplan et al. 2020, eq. 1.6, and Hoffmann et al. 2022, eq. 2; that the
 * decay's gain stands apart from it, Tissue et al. 2024, eq. 1, and Luo et al. 2025, eq. 3. The exponent, the gain and how it is spent
 * along a decay were measured here, see `annealing.ts`: on language models of 25 and 100 million parameters (Luo et al. 2025), and on
 * GPT-2 under two optimizers.
 *
 * Assumes a language model, or what else falls as slowly; steps in which no example is seen twice; a warmup that is over by a quarter of
 * what is seen; and that the learning rate ends at a fifth of its peak or less. A log often does not tell the learning rate: then where
 * in its decay the run is is not known either, and the interval holds both ends, a run still at its peak and one half down a cosine.
 *
 * Interval: the gain as four models' spread has it, by Student's t; a tenth of the further fall, for the extrapolation (36 of 39 curves at a
 * constant learning rate, carried on to one and a half to three times their length, were within that); both in quadrature with the
 * fit's error. Forecast from a quarter, half and three quarters of ten runs, with the gains of the other three models alone: 15 of 18
 * held where the learning rate is known, and 17 of 24 where it is not, off by 0.8 % and 1.4 % of the loss. The logs of GPT-2, whose own
 * gains are among the four: 6 of 6, off by 0.053 where the best naive forecaster is off by 0.082.
 */
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import { baselinesAt } from "../baselines.ts";
import { finalRateOf, lastSteps } from "../finishedRuns.ts";
import { finiteLoss, regimeOf, unchecked } from "../regime.ts";
import type { RunView, Series } from "../runView.ts";
import { unmeasured, verdictOn, window } from "../score.ts";
import { SeriesColumn } from "../series.ts";
import { batchOf } from "../stepBatch.ts";
import { windowMean } from "../windowMean.ts";
import { finalLoss, fitSlowFall, leastPoints, type CurvePoint } from "./annealing.ts";
import { warmupEnd } from "./recordedCurve.ts";

/** Parts of the planned steps at which it speaks, and for how long after, as a part of them. */
const stages = [0.25, 0.5, 0.75] as const;
const patience = 0.05;

/** Largest relative fall over the later half of what is seen, and error of the fit. */
const mostFall = 0.1;
const worstFit = 0.01;

/** Part of its peak to which the learning rate must come down. */
const broughtDown = 0.2;

/** Part of the planned steps, the last, in which a validation loss is the final one. */
const lastPart = 0.02;

/** Training losses are noisy: they are taken as means, so many of them, and none of fewer losses than this. */
const means = 16;
const leastLosses = 4;

/** Losses looked at for one mean. */
const mostLosses = 64;

const validation = "loss/validation";
const training = "loss/train";

/** What is forecast: the validation loss where there is one. */
function observableOf(view: RunView): typeof validation | typeof training {
  return view.series(validation).length > 0 ? validation : training;
}

function plannedOf(view: RunView): number {
  return view.data?.steps ?? NaN;
}

/** Mean loss of the points of a series with first ≤ index < end, or of some of them, at their mean step. */
function meanPoint(series: Series, first: number, end: number): CurvePoint {
  const stride = Math.max(1, Math.ceil((end - first) / mostLosses));
  let [step, loss, count] = [0, 0, 0];
  for (let index = first; index < end; index += stride) {
    step += series.stepAt(index);
    loss += series.valueAt(index);
    count += 1;
  }
  return { step: step / count, loss: loss / count };
}

/** The curve over the later half of the steps so far; empty where it is too short. */
function laterHalf(view: RunView): readonly CurvePoint[] {
  const observable = observableOf(view);
  const series = view.series(observable);
  const first = series.indexFrom(Math.max(1, view.step / 2));
  const count = series.length - first;
  if (observable === validation) {
    return Array.from({ length: count }, (_, index) => meanPoint(series, first + index, first + index + 1));
  }
  if (count < means * leastLosses) return [];
  return Array.from({ length: means }, (_, index) => {
    const [from, to] = [index, index + 1].map((edge) => first + Math.floor((edge * count) / means));
    return meanPoint(series, from ?? NaN, to ?? NaN);
  });
}

/** Relative fall over the later half, by a few points at both of its ends. */
function fallOf(view: RunView): number {
  const observable = observableOf(view);
  const series = view.series(observable);
  const first = series.indexFrom(Math.max(1, view.step / 2));
  const few = observable === validation ? 1 : leastLosses * leastLosses;
  if (series.length - first < 2 * few) return NaN;
  const [early, late] = [meanPoint(series, first, first + few), meanPoint(series, series.length - few, series.length)];
  return 1 - late.loss / early.loss;
}

function checks(view: RunView): readonly RegimeCheck[] {
  const rates = view.series("optimizer/learningRate");
  const [warm, now] = [warmupEnd(rates), rates.length === 0 ? NaN : rates.stepAt(rates.length - 1)];
  const examples = view.data?.examples;
  const seen = view.step * (batchOf(view) ?? NaN);
  const fall = fallOf(view);
  const kind = view.objective?.kind;
  return [
    finiteLoss(view),
    {
      condition: "the loss is a cross-entropy, on which the law was found",
      holds: kind === undefined || kind === "unknown" ? "unknown" : kind === "crossEntropy",
      saw: kind ?? "unknown",
    },
    {
      condition: "the loss falls slowly, by a tenth at most over the later half of the steps so far",
      holds: Number.isNaN(fall) ? "unknown" : fall <= mostFall,
      saw: Number.isNaN(fall) ? "too few losses yet" : `by ${(100 * fall).toPrecision(2)} %`,
    },
    {
      condition: "the learning rate was past its warmup at a quarter of the steps so far",
      holds: rates.length === 0 ? "unknown" : warm <= now / 4,
      saw: rates.length === 0 ? "it is not recorded" : `the largest so far at step ${warm} of ${now}`,
    },
    {
      condition: "no example is seen twice",
      holds: examples === undefined || Number.isNaN(seen) ? "unknown" : seen <= examples,
      saw: `${Number.isNaN(seen) ? "unknown" : seen} of ${examples ?? "an unknown number of"} examples`,
    },
  ];
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const planned = plannedOf(view);
  const stage = stages.findLast((part) => view.step >= part * planned);
  if (stage === undefined || view.step > (stage + patience) * planned) return [];
  const subject = `at ${stage} of the planned steps`;
  if (spoken(subject)) return [];
  const points = laterHalf(view);
  const fall = fitSlowFall(points);
  if (fall === undefined || !(fall.error <= worstFit)) return [];
  const rate = finalRateOf(view);
  const { low, central, high } = finalLoss(fall, view.step, planned, Number.isNaN(rate) ? undefined : rate);
  const observable = observableOf(view);
  const last = lastSteps(planned);
  const valid = observable === validation;
  const about = valid ? { from: Math.ceil((1 - lastPart) * planned), to: planned } : last;
  if (!(low > 0 && low < high && about.from > view.step)) return [];
  return [
    {
      id: `${finalLossLaw.id}/${subject}@${view.step}`,
      law: finalLossLaw.id,
      subject,
      observable,
      statistic: valid ? "value" : "timeMean",
      issuedAt: view.step,
      ...about,
      low,
      central,
      high,
      baselines: baselinesAt(smoothed(points), planned),
      assumptions: ["The learning rate ends at a fifth of its peak or less.", ...unchecked(finalLossLaw.regime(view))],
      statement: `The ${valid ? "validation" : "training"} loss ends near ${central.toPrecision(4)} at step ${planned}: ${lossText(fall)} so far, and what bringing the learning rate down gives.`,
    },
  ];
}

function lossText({ limit, factor }: { readonly limit: number; readonly factor: number }): string {
  return `${limit.toPrecision(4)} + ${factor.toPrecision(3)}/t^0.6`;
}

/** A naive forecaster is not to be beaten by the noise of single batches. */
function smoothed(points: readonly CurvePoint[]): Series {
  const column = new SeriesColumn();
  for (const { step, loss } of points) column.push(step, loss, 0);
  return column.prefix(column.length);
}

function score(made: Forecast, view: RunView): Verdict | undefined {
  if (view.step <= made.to && view.end === undefined) return undefined;
  const reached = view.at(made.to);
  const series = reached.series(made.observable);
  const { first, end } = window(series, made.from, made.to);
  if (end <= first) return undefined;
  const rate = finalRateOf(reached);
  if (rate > broughtDown) {
    const text = `The learning rate ended at ${rate.toPrecision(2)} of its peak: it was not brought down.`;
    return unmeasured(made, view, "out of regime", text);
  }
  const loss = made.statistic === "value" ? series.valueAt(end - 1) : windowMean(series, made.from, made.to)?.mean;
  if (loss === undefined || !Number.isFinite(loss)) {
    return unmeasured(made, view, "unresolved", "Too few losses were recorded there, or not all were finite.");
  }
  return verdictOn(made, view, loss, `The loss was ${loss.toPrecision(4)} in the end.`);
}

export const finalLossLaw: Law = {
  id: "final-loss",
  number: "L43",
  area: "empirical",
  title: "Final loss from a run's own curve",
  statement:
    "The loss falls as a + b·t^−0.6 while the learning rate stays, and bringing it down in the end takes another 2 to 4 % off.",
  references: [
    { citation: "Tissue et al. 2024", title: "Scaling Law with Learning Rate Annealing", arxiv: "2408.11029" },
    {
      citation: "Luo et al. 2025",
      title: "A Multi-Power Law for Loss Curve Prediction Across Learning Rate Schedules",
      arxiv: "2503.12811",
    },
  ],
  needs: [
    {
      what: "how many steps are planned, as a log or whoever imports it says",
      met: (view) => view.data?.steps !== undefined,
    },
    {
      what: `${leastPoints} validation losses or ${means * leastLosses} training losses`,
      met: (view) =>
        view.series(validation).length >= leastPoints || view.series(training).length >= means * leastLosses,
    },
  ],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score,
};
