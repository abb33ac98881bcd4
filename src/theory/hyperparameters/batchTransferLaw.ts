/**
 * L35: what a change of the batch asks for. A run whose optimizer is set for its batch as `transferBatch` says, from that of an earlier run
 * with a batch of B, loses as much of its loss over as many examples:
 *
 *   gradient descent, with any momentum   η ∝ B;
 *   RMSProp, Adam, AdamW                  η ∝ √B, 1 − β ∝ B, ε ∝ 1/√B, decoupled λ ∝ √B.
 *
 * Sources: Goyal et al. 2017, sec. 2.1; Malladi et al. 2022, def. 4.3 and 5.3. For gradient descent the limits are derived here: over as
 * many examples a mode of curvature h shrinks by (1 − ηh)^(1/η) of what it is under either batch, so that the rule is off by
 * about (η′ − η)h/2 where ηh is small, whatever the noise, and noise adds η/(2 − ηh) to its floor: what counts is η′·S, S the sharpness.
 * For adaptive optimizers the roots must be of noise, which asks for batches well below the noise scale B_n = tr Σ/|G|².
 *
 * Forecast, about a run from an earlier one with another batch: the mean loss where this one has seen a quarter, a half, three quarters and
 * all of the examples of the other.
 *
 * Interval: 5 % of the loss, and for adaptive optimizers half of the batch over B_n more; in square with √2 times the scatter of mean losses
 * along the earlier run. Checked in float64 on noisy quadratics (20 or 40 directions, batches 2 to 32 and κ of 2 to 8): under descent, with
 * and without momentum, noise scales from well below the batch to well above, 550 of 594 forecasts held; under Adam 476 of 560, the fewest,
 * 22 of 40, where the batch was above a fifth of B_n early on. With the learning rate alone changed and averages left as they were, small
 * networks fared alike up to κ = 4, but nothing bounds what that leaves out: it is out of regime.
 */
import type { ParameterGroup } from "../facts.ts";
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import { finite } from "../baselines.ts";
import { stabilityThreshold } from "../empirical/stabilityThreshold.ts";
import { gaussianDecile } from "../bootstrap.ts";
import {
  constantLearningRate,
  finiteLoss,
  firstFailure,
  needObjective,
  needOptimizer,
  oneOptimizer,
  regimeOf,
  unchecked,
} from "../regime.ts";
import type { RunView, Series } from "../runView.ts";
import { unmeasured, verdictOn, weightedLine } from "../score.ts";
import { batchOf } from "../stepBatch.ts";
import { windowMean } from "../windowMean.ts";
import { batchRule, transferBatch } from "./batchTransfer.ts";
import { noiseScaleBetween } from "./noiseScale.ts";
import { sameProblem } from "./sameTraining.ts";

/** Factor by which a setting may be off the rule. */
const settingError = 1.1;

/** Largest η′·S as a part of its limit, for gradient descent. */
const mostOfThreshold = 0.5;

/** Largest batch as a part of the noise scale, for adaptive optimizers. */
const mostOfNoiseScale = 0.1;

/** What the rules are known to be off by, as a part of the loss; for adaptive optimizers it grows with the batch over the noise scale. */
const error = 0.05;
const errorByNoiseScale = 0.5;

/** Parts of the earlier run's examples at which losses are compared, and how much of the way to there a mean is taken over. */
const parts = [0.25, 0.5, 0.75, 1];
const averaged = 0.2;

/** Means that tell the scatter. */
const blocks = 5;

interface Partner {
  readonly view: RunView;
  /** κ: this run's batch over the other's. */
  readonly factor: number;
}

/** The newest earlier run that differs in the batch. */
function partnerOf(view: RunView): Partner | undefined {
  const batch = batchOf(view);
  if (batch === undefined) return undefined;
  for (const other of view.earlier.toReversed()) {
    const theirs = batchOf(other);
    if (theirs !== undefined && theirs !== batch && sameProblem(view, other)) {
      return { view: other, factor: batch / theirs };
    }
  }
  return undefined;
}

function checks(view: RunView): readonly RegimeCheck[] {
  const { optimizer, objective } = view;
  const rule = optimizer && batchRule(optimizer.kind);
  const partner = partnerOf(view);
  return [
    oneOptimizer(view),
    {
      condition: "a rule for the batch is known for the optimizer",
      holds: rule !== undefined,
      saw: optimizer?.name ?? "none",
    },
    {
      condition: "the loss is the mean over examples",
      holds: (objective?.reduction ?? "unknown") === "unknown" ? "unknown" : objective?.reduction === "mean",
      saw: objective?.reduction ?? "unknown",
    },
    constantLearningRate(view),
    finiteLoss(view),
    ...(partner === undefined ? [] : partnerChecks(view, partner, rule)),
  ];
}

function partnerChecks(view: RunView, partner: Partner, rule: ReturnType<typeof batchRule>): readonly RegimeCheck[] {
  return [
    {
      condition: "the earlier run's learning rate is constant",
      holds: partner.view.optimizer?.schedule === "constant",
      saw: `${partner.view.runId}: ${partner.view.optimizer?.schedule ?? "no optimizer"}`,
    },
    settingCheck(view, partner),
    rule === "squareRoot" ? noiseCheck(view, partner) : sharpnessCheck(view, partner),
  ];
}

const compared = ["learningRate", "momentum", "beta1", "beta2", "rho", "weightDecay"] as const;
const symbols = { learningRate: "η", momentum: "momentum", beta1: "β₁", beta2: "β₂", rho: "ρ", weightDecay: "λ" };

function settingCheck(view: RunView, { view: other, factor }: Partner): RegimeCheck {
  const condition = "the optimizer is set for its batch as the rule asks";
  const kind = view.optimizer?.kind ?? "other";
  const wrong: string[] = [];
  for (const [index, before] of (other.optimizer?.groups ?? []).entries()) {
    const asked = transferBatch(kind, before, factor);
    if ("refusal" in asked) return { condition, holds: false, saw: asked.refusal };
    const now = view.optimizer?.groups[index];
    for (const name of compared) {
      const [is, should] = [now?.[name], asked.setting[name]];
      if (!isNear(name, is, should)) {
        wrong.push(`${symbols[name]} ${is ?? "unset"} where the rule asks for ${should?.toPrecision(4) ?? "none"}`);
      }
    }
  }
  const saw = `a batch ${factor.toPrecision(3)} times that of ${other.runId}`;
  return { condition, holds: wrong.length === 0, saw: [saw, ...wrong].join(", ") };
}

/** Rates and decays by their ratio; what is forgotten of an average by the ratio of 1 − β. */
function isNear(name: keyof ParameterGroup, is: number | undefined, should: number | undefined): boolean {
  const forgets = name === "beta1" || name === "beta2" || name === "rho" || name === "momentum";
  const size = (value: number | undefined) => (forgets ? 1 - (value ?? 0) : (value ?? 0));
  const [one, other] = [size(is), size(should)];
  return one === other || (one <= settingError * other && one >= other / settingError);
}

/** The larger batch over the noise scale, tr Σ and |G|² each averaged along the earlier run; NaN where they are too little known. */
function shareOfNoiseScale(view: RunView, { view: other, factor }: Partner): number {
  const noise = noiseScaleBetween(other, 0, other.step);
  return ((batchOf(view) ?? NaN) * Math.max(1, 1 / factor)) / (noise?.scale ?? NaN);
}

function noiseCheck(view: RunView, partner: Partner): RegimeCheck {
  const share = shareOfNoiseScale(view, partner);
  const isKnown = Number.isFinite(share);
  return {
    condition: "both batches are dominated by gradient noise, at most a tenth of the noise scale",
    holds: isKnown ? share <= mostOfNoiseScale : "unknown",
    saw: isKnown ? `${share.toPrecision(2)} of it` : "too few measurements of the noise in the earlier run",
  };
}

/** By what was measured of both runs so far; for this one, before it has begun, by the other's curvature. */
function sharpnessCheck(view: RunView, { view: other }: Partner): RegimeCheck {
  const edges = [view, other].map(({ optimizer }) => optimizer && stabilityThreshold(optimizer));
  const limit = Math.min(...edges.map((edge) => edge?.value ?? NaN));
  const sharpness = [view, other].map((each) => each.series("sharpness/batch"));
  const largest = Math.max(...sharpness.flatMap((series) => series.maximum(0, series.length)).filter(Number.isFinite));
  const share = largest / limit;
  const isKnown = Number.isFinite(share);
  return {
    condition: "the larger learning rate is at most half of its stability limit",
    holds: isKnown ? share <= mostOfThreshold : "unknown",
    saw: isKnown ? `${share.toPrecision(2)} of ${edges[0]?.formula ?? "it"}` : "no sharpness in the earlier run",
  };
}

/** Steps of a run before the end of `to`, over which a loss is a mean, both included. */
function stepsBefore(end: number): { readonly from: number; readonly to: number } {
  const to = Math.round(end) - 1;
  return { from: Math.floor((1 - averaged) * to), to };
}

/**
 * Standard deviation by which mean losses stray from run to run, as slow modes in noise do: of five means, over the half before a step,
 * about their line. Over as many examples another batch leaves as much of it.
 */
function scatterBefore(losses: Series, end: number): number | undefined {
  const points = Array.from({ length: blocks }, (_, block) => {
    const [from, to] = [block, block + 1].map((edge) => Math.floor((0.5 + (0.5 * edge) / blocks) * end));
    return { x: block, y: windowMean(losses, (from ?? NaN) + 1, to ?? NaN)?.mean ?? NaN, weight: 1 };
  });
  const line = weightedLine(points);
  if (line === undefined) return undefined;
  const squares = points.reduce((sum, { x, y }) => sum + (y - line.intercept - line.slope * x) ** 2, 0);
  return Number.isFinite(squares) ? Math.sqrt(squares / (blocks - 2)) : undefined;
}

function subjectOf(part: number): string {
  return `after ${part} of the earlier run's examples`;
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const left = parts.filter((part) => !spoken(subjectOf(part)));
  const partner = left.length === 0 ? undefined : partnerOf(view);
  return partner === undefined ? [] : left.flatMap((part) => forecastAt(view, partner, part) ?? []);
}

function errorOf(view: RunView, partner: Partner): number {
  if (view.optimizer === undefined || batchRule(view.optimizer.kind) === "linear") return error;
  const share = shareOfNoiseScale(view, partner);
  return error + errorByNoiseScale * (Number.isFinite(share) ? share : mostOfNoiseScale);
}

function forecastAt(view: RunView, partner: Partner, part: number): Forecast | undefined {
  const { view: other, factor } = partner;
  const [then, now] = [stepsBefore(part * other.step), stepsBefore((part * other.step) / factor)];
  const losses = other.series("loss/train");
  const loss = windowMean(losses, then.from, then.to);
  if (loss === undefined || now.from <= view.step) return undefined;
  const scatter = scatterBefore(losses, then.to);
  if (scatter === undefined) return undefined;
  const half = Math.hypot(errorOf(view, partner) * loss.mean, gaussianDecile * Math.SQRT2 * scatter);
  if (!(half > 0 && Number.isFinite(half))) return undefined;
  const batch = batchOf(view);
  return {
    id: `${batchTransferLaw.id}/${part}@${view.step}`,
    law: batchTransferLaw.id,
    subject: subjectOf(part),
    observable: "loss/train",
    statistic: "timeMean",
    issuedAt: view.step,
    ...now,
    low: loss.mean - half,
    central: loss.mean,
    high: loss.mean + half,
    baselines: finite({
      kind: "the earlier run's loss after as many steps",
      value: windowMean(losses, now.from, Math.min(now.to, other.step - 1))?.mean ?? NaN,
    }),
    assumptions: [
      `The earlier run ${other.runId} differs in batch, in how its optimizer is set, and in its seed only.`,
      `A step sees ${batch ?? "an unknown number of"} examples (${view.data?.how ?? "as its steps say"}).`,
      ...unchecked(batchTransferLaw.regime(view)),
    ],
    statement: `With a batch ${factor.toPrecision(3)} times as large and its learning rate changed to suit, the loss against examples stays as it was: ${loss.mean.toPrecision(3)} by step ${now.to}.`,
  };
}

function score(made: Forecast, view: RunView): Verdict | undefined {
  // The last of the earlier run's examples may be the last of this one's.
  if (view.step <= made.to && view.end === undefined) return undefined;
  if (view.step < made.to) return undefined;
  const failed = firstFailure(regimeOf(checks(view)));
  if (failed !== undefined) return unmeasured(made, view, "out of regime", `It is no longer so that ${failed}.`);
  const loss = windowMean(view.series("loss/train"), made.from, made.to)?.mean;
  if (loss === undefined) {
    return unmeasured(made, view, "unresolved", "Too few losses were recorded there, or not all were finite.");
  }
  return verdictOn(made, view, loss, `Over steps ${made.from} to ${made.to} the loss was ${loss.toPrecision(4)}.`);
}

export const batchTransferLaw: Law = {
  id: "batch-transfer",
  number: "L35",
  area: "hyperparameters",
  title: "Learning rate and batch",
  statement:
    "With η ∝ B under gradient descent, or η ∝ √B and 1 − β ∝ B under Adam, the loss against examples does not depend on B.",
  references: [
    {
      citation: "Goyal et al. 2017",
      title: "Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour",
      arxiv: "1706.02677",
    },
    {
      citation: "Malladi et al. 2022",
      title: "On the SDEs and Scaling Rules for Adaptive Gradient Algorithms",
      arxiv: "2205.10287",
    },
  ],
  needs: [
    needObjective,
    needOptimizer,
    { what: "the batch's size", met: (view) => batchOf(view) !== undefined },
    {
      what: "an earlier run of the same model with another batch",
      met: (view) => partnerOf(view) !== undefined,
    },
  ],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score,
};
