/**
 * L09: the loss at initialization. Before anything is learned, logits know nothing of the labels, and the cross-entropy
 *
 *   E[ln Σ_c exp z_c − z_y]  ≈  ln C + σ²/2,   σ² = mean over examples of the variance over classes of the logits.
 *
 * The expansion of ln Σ exp about the mean logit: the linear terms cancel for labels independent of the logits, the
 * quadratic one is half the (population) variance. For a binary cross-entropy the two logits are 0 and z, whose variance is
 * z²/4, and ln 2 + z²/8 is the same formula with C = 2.
 *
 * Source: a textbook expansion, used as a ladder's first rung by Belrose et al. 2024 (loss ladder of language models).
 * Assumes that labels and initial logits are independent: no pretrained weights, and no bias set to the class frequencies.
 *
 * Interval: ±0.5 % for what the expansion leaves out, in square with 1.28 σ/√B for the labels of a batch of B, whose mean logit need not be that of all
 * classes (10 % and 90 % quantiles of a Gaussian), and its own next term, σ⁴/(2C), more below.
 */
import type { Forecast, Law, RegimeCheck } from "../law.ts";
import { needObjective, needSeries, regimeOf, unchecked } from "../regime.ts";
import { gaussianDecile } from "../bootstrap.ts";
import type { RunView } from "../runView.ts";
import { verdictOn } from "../score.ts";

/**
 * Cross-entropy in nats at initialization.
 * @param classes C, at least 2
 * @param logitVariance σ², the mean over examples of the population variance over classes
 */
export function crossEntropyAtInitialization(classes: number, logitVariance: number): number {
  return Math.log(classes) + logitVariance / 2;
}

/** Beyond this variance the Gaussian expansion is no longer good to 2 %, and the network is surely not fresh. */
const largestVariance = 1;

/** What the expansion leaves out of the loss, besides its next term. */
const leftOut = 0.005;

/** Relative distance at which something is wrong with the script rather than with the expansion. */
const suspicious = 0.05;

function classesOf(view: RunView): number | undefined {
  return view.objective?.kind === "binaryCrossEntropy" ? 2 : view.objective?.classes;
}

function lastVariance(view: RunView): number {
  const variance = view.series("logit/variance");
  return variance.length === 0 ? NaN : variance.valueAt(variance.length - 1);
}

function checks(view: RunView): readonly RegimeCheck[] {
  const objective = view.objective;
  const classes = classesOf(view);
  const variance = lastVariance(view);
  return [
    {
      condition: "the loss is a cross-entropy",
      holds: objective?.kind === "crossEntropy" || objective?.kind === "binaryCrossEntropy",
      saw: objective?.kind ?? "unknown",
    },
    {
      condition: "the number of classes is known and at least 2",
      holds: classes !== undefined && classes >= 2,
      saw: `${classes ?? "unknown"}`,
    },
    {
      condition: "no weight penalty is part of the loss",
      holds: objective?.regularized === false,
      saw: objective?.regularized === false ? "none" : "regularized",
    },
    {
      condition: "the loss is the mean over examples",
      holds: objective?.reduction === "unknown" ? "unknown" : objective?.reduction === "mean",
      saw: objective?.reduction ?? "unknown",
    },
    {
      condition: `the logits' variance over classes is at most ${largestVariance}, as from a fresh initialization`,
      holds: variance >= 0 && variance <= largestVariance,
      saw: variance.toPrecision(3),
    },
  ];
}

function forecast(view: RunView): readonly Forecast[] {
  const classes = classesOf(view);
  if (classes === undefined || view.step > 0 || view.series("loss/train").length > 0) return [];
  const variance = lastVariance(view);
  const central = crossEntropyAtInitialization(classes, variance);
  const batch = view.data?.batch;
  const labels = gaussianDecile * Math.sqrt(variance / (batch ?? 1));
  const margin = Math.hypot(leftOut * central, labels);
  return [
    {
      id: `${stepZeroLoss.id}@${view.step}`,
      law: stepZeroLoss.id,
      subject: "",
      observable: "loss/train",
      statistic: "value",
      issuedAt: view.step,
      from: 0,
      to: 0,
      low: central - margin - variance ** 2 / (2 * classes),
      central,
      high: central + margin,
      baselines: [{ kind: "uniform guess, ln C", value: Math.log(classes) }],
      assumptions: [
        "Labels and initial logits are independent: nothing is pretrained.",
        ...(batch === undefined ? ["The batch size is not known; the interval allows for a batch of one."] : []),
        ...unchecked(stepZeroLoss.regime(view)),
      ],
      statement: `The first loss is ln ${classes} + ${variance.toPrecision(3)}/2 = ${central.toPrecision(4)}.`,
    },
  ];
}

function score(made: Forecast, view: RunView) {
  const loss = view.series("loss/train");
  if (loss.length === 0) return undefined;
  const measured = loss.valueAt(0);
  const relative = measured / made.central - 1;
  const percent = `${(100 * relative).toFixed(1)} % from the forecast`;
  const lookFor =
    Math.abs(relative) <= suspicious || (measured >= made.low && measured <= made.high)
      ? ""
      : " Look for labels shifted or encoded otherwise than the loss expects, probabilities passed as logits, a temperature or a mask that is missing, or an initialization that already prefers some classes.";
  return verdictOn(made, view, measured, `The first loss was ${measured.toPrecision(4)}, ${percent}.${lookFor}`);
}

export const stepZeroLoss: Law = {
  id: "step-zero-loss",
  number: "L09",
  area: "solvable",
  title: "Loss at initialization",
  statement: "Before training, the cross-entropy is ln C plus half the variance of the logits over the C classes.",
  references: [
    {
      citation: "Belrose et al. 2024",
      title: "Neural Networks Learn Statistics of Increasing Complexity",
      arxiv: "2402.04362",
    },
  ],
  needs: [needObjective, needSeries("the logits' variance at step 0", "logit/variance")],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score,
};
