/**
 * L36: power lines of weight decay. Under AdamW weights are an average over their last 1/(ηλ) steps, which of a training of S steps is the part
 * τ = 1/(ηλS). The best part falls with the tokens that a parameter is trained on,
 *
 *   τ_opt ∝ (D/N)^−0.527,   λ_opt = 1/(η·S·τ_opt),
 *
 * so that, with one rate and batch, training r times as long asks for r^(−0.473) of the decay: neither the same decay nor the same part.
 *
 * Source: Bergsma et al. 2025 (fit to language models of 111M to 3.3B parameters in the maximal-update parametrization). Its constant is not relied on: what tokens an example has is not recorded, and the constant depends on the data. It is that of an earlier
 * sweep over λ, of the same network at another length.
 *
 * It could be checked here on small models only, which it is not about: of one with 11,168 weights, over characters, the best part at 11 tokens per parameter was 4, ten times that
 * of the source's fit. A model of fewer than a hundred million weights is out of regime.
 *
 * Assumes that no example comes twice, and that in both sweeps the learning rate goes alike, as a part of the training.
 *
 * Forecast, once for a sweep, in a run at a third value of λ or a later one, as long as the best of those before is not between two others: the λ at which the loss
 * of the last steps is least. It is scored where that lies between two of the sweep's values, or where it lies beyond all of them and the forecast does not.
 *
 * Interval: a factor of 1.5, which is assumed and not measured, with what is left open between a sweep's values, of both sweeps.
 */
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import { endOfRun } from "../law.ts";
import { finite } from "../baselines.ts";
import { needObjective, needOptimizer, oneOptimizer, regimeOf, unchecked } from "../regime.ts";
import { oncePer } from "../oncePer.ts";
import type { RunView } from "../runView.ts";
import { batchOf } from "../stepBatch.ts";
import { sameSchedule } from "./sameCurve.ts";
import { bestSetting, gapOf, leastOf, scoreLeast, settingsOf, sweepsBefore, type Swept } from "./sweep.ts";

/** d ln τ_opt/d ln(D/N). */
const exponent = -0.527;

/** Factor between two lengths below which sweeps tell nothing of each other. */
const leastFactor = 2.5;

/** Factor within which lengths, and learning rates, are one. */
const same = 1.02;

/** ln of the factor that optima are taken to lie within. */
const lawError = Math.log(1.5);

/** Weights of a model below which nothing of the kind was seen: the smallest in the source has 111 million. */
const leastParameters = 1e8;

/** Tokens per parameter beyond which the law is not known to hold. */
const mostTokens = 500;

function decayOf({ optimizer }: RunView): number {
  const decays = new Set(optimizer?.groups.map(({ weightDecay = 0 }) => weightDecay).filter((decay) => decay > 0));
  const [decay = NaN] = decays;
  return decays.size === 1 && isDecoupled(optimizer) ? decay : NaN;
}

function isDecoupled(optimizer: RunView["optimizer"]): boolean {
  return (
    optimizer?.kind === "adamw" ||
    (optimizer?.kind === "adam" && optimizer.groups.every(({ weightDecayForm: form }) => form === "decoupled"))
  );
}

function peakRate(view: RunView): number {
  const rates = view.series("optimizer/learningRate");
  return rates.length === 0 ? (view.optimizer?.groups[0]?.learningRate ?? NaN) : rates.maximum(0, rates.length);
}

function isNear(one: number, other: number): boolean {
  return one <= same * other && other <= same * one;
}

interface Sweeps {
  /** Runs of this one's length, to which it will belong. */
  readonly own: readonly [Swept, ...Swept[]];
  readonly base: readonly [Swept, ...Swept[]];
  readonly best: { readonly at: number; readonly error: number };
}

const sweepsOf = oncePer((view: RunView): Sweeps | undefined => {
  if (!(decayOf(view) > 0)) return undefined;
  const areAlike = (one: RunView, other: RunView) =>
    isNear(one.step, other.step) && isNear(peakRate(one), peakRate(other));
  const [own, ...others] = sweepsBefore(view, decayOf, areAlike);
  if (own === undefined) return undefined;
  for (const base of others) {
    const length = own[0].view.step / base[0].view.step;
    const least = leastOf(base);
    if (least?.kind === "between" && (length >= leastFactor || length <= 1 / leastFactor)) {
      return { own, base, best: least };
    }
  }
  return undefined;
});

function checks(view: RunView): readonly RegimeCheck[] {
  const { objective, optimizer, data } = view;
  const sweeps = sweepsOf(view);
  const steps = sweeps?.own[0].view.step ?? NaN;
  const seen = steps * (batchOf(view) ?? NaN);
  const parameters = view.models[0]?.parameters;
  const share = seen / (parameters ?? NaN);
  return [
    oneOptimizer(view),
    {
      condition: "the optimizer is AdamW, with one decay that is not part of the gradient",
      holds: isDecoupled(optimizer) && decayOf(view) > 0,
      saw: optimizer?.name ?? "none",
    },
    {
      condition: "the loss is a cross-entropy over words",
      holds: objective?.kind === "unknown" ? "unknown" : objective?.kind === "crossEntropy",
      saw: `${objective?.kind ?? "unknown"} over ${objective?.classes ?? "unknown"} classes`,
    },
    {
      condition: `the model has at least ${leastParameters / 1e6} million weights`,
      holds: parameters === undefined ? "unknown" : parameters >= leastParameters,
      saw: `${parameters ?? "an unknown number"}`,
    },
    {
      condition: "no example comes twice",
      holds: data?.examples === undefined || Number.isNaN(seen) ? "unknown" : seen <= data.examples,
      saw: `${Number.isNaN(seen) ? "unknown" : seen} examples of ${data?.examples ?? "an unknown number"}`,
    },
    {
      condition: `a parameter is trained on 10 to ${mostTokens} tokens`,
      holds: share > mostTokens ? false : "unknown",
      saw: `${share.toPrecision(2)} examples for each, of an unknown number of tokens`,
    },
    ...(sweeps === undefined ? [] : [sameSchedule(view, sweeps.own[0].view), sameRate(view, sweeps.own[0].view)]),
  ];
}

function sameRate(view: RunView, other: RunView): RegimeCheck {
  const rates = other.series("optimizer/learningRate");
  const [now, then] = [peakRate(view), rates.maximum(0, rates.indexFrom(view.step + 1))];
  const isKnown = now > 0 && then > 0;
  return {
    condition: "the learning rate is that of the earlier runs of the sweep",
    holds: isKnown ? isNear(now, then) : "unknown",
    saw: isKnown ? `${now.toPrecision(3)} up to here, and ${then.toPrecision(3)} there` : "no record of the rates",
  };
}

/** λ_opt of this length over that of the other. */
function factorBetween({ own, base }: Sweeps): number {
  const [now, then] = [own[0].view, base[0].view];
  const length = now.step / then.step;
  return ((peakRate(then) / peakRate(now)) * length ** -exponent) / length;
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const sweeps = spoken("") ? undefined : sweepsOf(view);
  const decay = decayOf(view);
  if (sweeps === undefined || settingsOf(sweeps.own, decay) < 3 || leastOf(sweeps.own)?.kind === "between") return [];
  const { own, best, base } = sweeps;
  const central = best.at * factorBetween(sweeps);
  const half = Math.hypot(lawError, gapOf(own, decay, central), best.error);
  const [low, high] = [central * Math.exp(-half), central * Math.exp(half)];
  if (!(low > 0 && low < central) || !Number.isFinite(high)) return [];
  const [now, then] = [own[0].view, base[0].view];
  return [
    {
      id: `${powerLines.id}@${view.step}`,
      law: powerLines.id,
      subject: "",
      observable: "optimizer/weightDecay",
      statistic: "best",
      issuedAt: view.step,
      from: view.step,
      to: endOfRun,
      low,
      central,
      high,
      baselines: finite(
        { kind: "the best decay of the other length", value: best.at },
        {
          kind: "the same part of the training",
          value: (best.at * peakRate(then) * then.step) / (peakRate(now) * now.step),
        },
        { kind: "the best of this length so far", value: bestSetting(own) },
      ),
      assumptions: [
        "The runs of a sweep differ in their decay only, and those of another length in their number of steps besides.",
        ...unchecked(powerLines.regime(view)),
      ],
      statement: `Over ${now.step} steps the loss at the end is least with a weight decay of about ${central.toPrecision(2)}, after ${best.at.toPrecision(2)} over ${then.step}: this run has ${decay}.`,
    },
  ];
}

function score(made: Forecast, view: RunView): Verdict | undefined {
  return scoreLeast(made, view, {
    setting: decayOf(view),
    before: sweepsOf(view)?.own,
    checks,
    sameLength: (other) => isNear(view.step, other.step),
  });
}

export const powerLines: Law = {
  id: "power-lines",
  number: "L36",
  area: "hyperparameters",
  title: "Weight decay and length of training",
  statement:
    "Under AdamW the best weight decay times learning rate times steps grows as the 0.527th power of the tokens per parameter.",
  references: [
    {
      citation: "Bergsma et al. 2025",
      title: "Power Lines: Scaling Laws for Weight Decay and Batch Size in LLM Pre-training",
      arxiv: "2505.13738",
    },
    {
      citation: "Wang and Aitchison 2024",
      title: "How to set AdamW's weight decay as you scale model and dataset size",
      arxiv: "2405.13698",
    },
  ],
  needs: [
    needObjective,
    needOptimizer,
    { what: "the batch's size", met: (view) => batchOf(view) !== undefined },
    {
      what: `earlier runs of the same network whose weight decays alone differ: 3 or more of one length, ${leastFactor} times as long or as short as this one, the best of them between two others, and one of this length`,
      // With another optimizer no run is needed to see that the law does not apply.
      met: (view) => !(decayOf(view) > 0) || sweepsOf(view) !== undefined,
    },
  ],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score,
};
