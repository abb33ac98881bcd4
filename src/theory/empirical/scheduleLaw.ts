/**
 * L24: loss under any learning-rate schedule, in the form with one clock. Let Z(t) = Σ_{s<t} η_s^p. Then
 *
 *   L(t)  =  L₀ + A·Z(t)^−α − B·Σ_k (η_{k−1} − η_k)·G(Z(t) − Z(t_k)),    G(x) = 1 − (1 + C·x)^−β,
 *
 * over all changes of η, rises of the warmup included as negative drops, so that L₀ is the loss at η = 0.
 *
 * Sources: Luo et al. 2025, eq. 3 (the multi-power law), in which the first term runs in Σ η and the drop of step k in
 * η_k^−γ·Σ η. The one clock is of this project. Why: for stochastic gradient descent on a quadratic, the excess of a mode of
 * curvature λ relaxes to a level ∝ η at a rate ∝ ηλ, which over a Gamma distribution of λ gives G with p = 1 (checked by
 * test). Where curvature follows the learning rate, λ ∝ η^(p−1) (progressive sharpening: Cohen et al. 2021), progress and
 * relaxation both run in η·λ ∝ η^p. The published form slows only the relaxation down, and at the end of decays is off one way
 * where they were fast and the other way where the rate stayed low for long: with one clock both errors shrink by half, at no
 * more parameters. Fitted to all nine curves, p is 0.80 and 0.66 for the two models below.
 *
 * Measured on language models of 25 and 100 million parameters (Luo et al. 2025): from two of nine schedules, the seven others to
 * 0.0039 and 0.0025 along the curve, and at worst 0.0066 and 0.0080 at the end; the published law with the parameters published
 * for three schedules has 0.0038 and 0.0044, and at worst 0.010 and 0.017 at the end.
 *
 * The form, and near where shapes are looked for, were chosen with the curves of both models in view, and so was the width of the
 * interval: no other runs of that size have been forecast. On a small perceptron under Adam, trained in TensorFlow.js on ever new
 * examples, three of four forecasts held for three cosines, from a drop and a decay; where the form fits worse than to 2 %,
 * nothing is said.
 *
 * Needs two finished runs that differ in nothing but schedule, seed and length, and this one past its warmup. The learning rates
 * to come are not known: each forecast rests on a plan, and is out of regime if the plan is not kept.
 *
 * Interval: ±0.3 % of the loss, in quadrature with 2.5 times the fit's error beyond the losses' noise, and with that noise. Over
 * 224 forecasts of the final loss for the models above, from two whole curves and a quarter, half, or three quarters of the run,
 * 80 % were within 0.15 % to 0.33 %, by model and part seen.
 */
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import { baselinesAt } from "../baselines.ts";
import { lastSteps } from "../finishedRuns.ts";
import { sameTraining } from "../hyperparameters/sameTraining.ts";
import { finiteLoss, needObjective, needOptimizer, needSeries, oneOptimizer, regimeOf, unchecked } from "../regime.ts";
import type { RunView } from "../runView.ts";
import { unmeasured, verdictOn } from "../score.ts";
import { SeriesColumn } from "../series.ts";
import { batchOf } from "../stepBatch.ts";
import { windowMean } from "../windowMean.ts";
import { endedCurve, recordedCurve, warmupEnd, type RecordedCurve } from "./recordedCurve.ts";
import { scheduleOf } from "./schedule.ts";
import { fitSchedules, scheduleLosses } from "./scheduleFit.ts";
import { isKept, plansOf, type Plan } from "./schedulePlan.ts";

/** The law's own error, as a part of the loss, and how much larger than in its fit its error ahead is. */
const ownError = 0.003;
const aheadOfFit = 2.5;

/**
 * Half the width of the interval, as a part of the loss.
 * @param misfit root mean square of the fit's relative errors beyond the losses' noise
 * @param noise relative, of the mean over a sixty-fourth of a curve
 */
export function halfWidth(misfit: number, noise: number): number {
  return Math.hypot(ownError, aheadOfFit * misfit, noise);
}

/** A fit that is off by more than this does not describe the runs. */
const worstFit = 0.02;

/** Earlier runs that are fitted, the newest: more would cost seconds. */
const mostRuns = 4;
const leastRuns = 2;

/** Peaks count as the same within this part. */
const samePeak = 0.1;

/** Parts of a plan's steps after which it speaks. */
const stages = [0.25, 0.5, 0.75] as const;

/** It is asked at multiples of this, and for so long after a stage began, as a part of the plan: a fit that refuses is dear. */
const every = 64;
const patience = 0.02;

interface Related {
  readonly view: RunView;
  readonly curve: RecordedCurve;
}

/** Finished runs of the same training with the same batch and peak, the newest. */
function related(view: RunView): readonly Related[] {
  const rates = view.series("optimizer/learningRate");
  const peak = rates.maximum(0, rates.length);
  return view.earlier
    .flatMap((run) => {
      const curve = run.end?.how === "finished" && batchOf(run) === batchOf(view) ? endedCurve(run) : undefined;
      if (curve === undefined || Math.abs(curve.peak / peak - 1) > samePeak || !sameTraining(view, run)) return [];
      return [{ view: run, curve }];
    })
    .slice(-mostRuns);
}

function checks(view: RunView): readonly RegimeCheck[] {
  const rates = view.series("optimizer/learningRate");
  const [warm, now] = [warmupEnd(rates), rates.length === 0 ? NaN : rates.stepAt(rates.length - 1)];
  const examples = view.data?.examples;
  const seen = view.step * (batchOf(view) ?? NaN);
  const { objective, optimizer } = view;
  return [
    oneOptimizer(view),
    finiteLoss(view),
    {
      condition: "the learning rate is past its warmup",
      holds: warm <= now / 2,
      saw: `the largest so far at step ${warm} of ${now}`,
    },
    {
      condition: "no example is seen twice",
      holds: examples === undefined || Number.isNaN(seen) ? "unknown" : seen <= examples,
      saw: `${seen} of ${examples ?? "an unknown number of"} examples`,
    },
    {
      condition: "the optimizer is Adam or AdamW, on which the law was found",
      holds: optimizer?.kind === "adam" || optimizer?.kind === "adamw" || "unknown",
      saw: optimizer?.kind ?? "unknown",
    },
    {
      condition: "the loss is a cross-entropy, on which the law was found",
      holds: objective?.kind === "crossEntropy" || "unknown",
      saw: objective?.kind ?? "unknown",
    },
  ];
}

/** A plan, and a stage of it that has just begun. */
interface Occasion {
  readonly plan: Plan;
  readonly subject: string;
}

/** An endless plan is spoken of at each doubling of the steps, others at their stages. */
function occasionsOf(view: RunView, earlier: readonly RunView[]): readonly Occasion[] {
  return plansOf(view, earlier).flatMap((plan) => {
    if (plan.endless) {
      const doubled = view.step >= 4 * every && Number.isInteger(Math.log2(view.step));
      return doubled ? [{ plan, subject: `${plan.name}, from step ${view.step} on` }] : [];
    }
    const stage = stages.findLast((part) => view.step >= part * plan.steps);
    const begun = stage !== undefined && view.step <= (stage + patience) * plan.steps + every;
    return begun ? [{ plan, subject: `${plan.name}, at ${stage} of it` }] : [];
  });
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  if (view.step % every !== 0) return [];
  const runs = related(view);
  const occasions = occasionsOf(
    view,
    runs.map((run) => run.view),
  ).filter(({ plan, subject }) => !spoken(subject) && lastSteps(plan.steps).from > view.step);
  if (occasions.length === 0) return [];
  const now = recordedCurve(view);
  if (now === undefined) return [];
  const curves = [...runs.map(({ curve }) => curve), now];
  const noise = Math.max(...curves.map((curve) => curve.noise));
  const fit = fitSchedules(curves, noise);
  const misfit = fit === undefined ? NaN : Math.sqrt(Math.max(0, fit.error ** 2 - noise ** 2));
  if (fit === undefined || !(misfit <= worstFit)) return [];
  return occasions.flatMap(({ plan, subject }) => {
    const { from, to } = lastSteps(plan.steps);
    const rates = view.series("optimizer/learningRate");
    const schedule = scheduleOf(
      (step) => (step < rates.length && step <= view.step ? rates.valueAt(step) : plan.rateAt(step)),
      plan.steps,
    );
    if (schedule === undefined) return [];
    const steps = Array.from({ length: 9 }, (_, point) => from + (point * (to - from)) / 8);
    const losses = scheduleLosses(fit.law, schedule, steps);
    const central = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    const width = central * halfWidth(misfit, noise);
    if (!(central > 0 && width < central)) return [];
    return [
      {
        id: `${scheduleLaw.id}/${subject}@${view.step}`,
        law: scheduleLaw.id,
        subject,
        observable: "loss/train",
        statistic: "timeMean",
        issuedAt: view.step,
        from,
        to,
        low: central - width,
        central,
        high: central + width,
        baselines: baselinesAt(smoothed(now), (from + to) / 2),
        assumptions: [
          `The schedule is guessed from its past: ${plan.name}.`,
          "Nothing but schedule, length and seed differs from the earlier runs.",
          ...unchecked(scheduleLaw.regime(view)),
        ],
        statement: `If ${plan.name}, the loss over steps ${from} to ${to} is about ${central.toPrecision(4)}, as ${runs.length} earlier runs under other schedules have it.`,
      },
    ];
  });
}

/** A naive forecaster is not to be beaten by the noise of single batches. */
function smoothed({ steps, losses }: RecordedCurve) {
  const column = new SeriesColumn();
  steps.forEach((step, index) => {
    column.push(step, losses[index] ?? NaN, 0);
  });
  return column.prefix(column.length);
}

function score(made: Forecast, view: RunView): Verdict | undefined {
  if (view.step <= made.to) return undefined;
  const then = view.at(made.issuedAt);
  const plan = occasionsOf(
    then,
    related(then).map((run) => run.view),
  ).find(({ subject }) => subject === made.subject)?.plan;
  const reached = view.at(made.to);
  const rates = reached.series("optimizer/learningRate");
  if (plan === undefined || !isKept(plan, rates, made.issuedAt, made.to)) {
    return unmeasured(made, view, "out of regime", "The learning rate did not go on as was assumed.");
  }
  const loss = windowMean(reached.series("loss/train"), made.from, made.to)?.mean;
  if (loss === undefined) {
    return unmeasured(made, view, "unresolved", "Too few losses were recorded there, or not all were finite.");
  }
  return verdictOn(made, view, loss, `The loss was ${loss.toPrecision(4)} over steps ${made.from} to ${made.to}.`);
}

export const scheduleLaw: Law = {
  id: "schedule-law",
  number: "L24",
  area: "empirical",
  title: "Loss under any learning-rate schedule",
  statement:
    "The loss falls as a power of Σ η^p, and every drop of the learning rate gives B times its size, as a power of the same clock.",
  references: [
    {
      citation: "Luo et al. 2025",
      title: "A Multi-Power Law for Loss Curve Prediction Across Learning Rate Schedules",
      arxiv: "2503.12811",
    },
    { citation: "Tissue et al. 2024", title: "Scaling Law with Learning Rate Annealing", arxiv: "2408.11029" },
  ],
  needs: [
    needObjective,
    needOptimizer,
    needSeries("the learning rate at each step", "optimizer/learningRate"),
    {
      what: `${leastRuns} earlier runs that finished and differ from this one in schedule, length and seed alone`,
      met: (view) => view.earlier.length >= leastRuns && related(view).length >= leastRuns,
    },
  ],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score,
};
