/**
 * L29: outliers of the Hessian. Of a classifier with C classes the Hessian of the cross-entropy has a few eigenvalues that stand out
 * from the many others, one for each direction in which class means of the logits' gradients differ: C − 1 of them.
 *
 * Sources: Sagun et al. 2017, sec. 3.1; Gur-Ari, Roberts and Dyer 2018, sec. 2; Papyan 2019, sec. 4 (the outliers are those of between-class
 * covariance of the Gauss–Newton part). They are counted here as the place k ≥ C/2 of the largest ratio λ_k/λ_{k+1} of the eigenvalues in descending
 * order: the outliers themselves are uneven, and the first of them may stand far above the others.
 *
 * Checked here in float64 on 21 networks of one and two hidden layers (16 to 24 units, tanh and ReLU, 3 to 10 Gaussian classes of 30 to 40
 * examples each, batches of 32), by the loss as a part of ln C. Between 0.15 and 0.5 the Hessian over all examples had C − 1 outliers in 72 of 82
 * measurements, and C − 2 to C in 80; that over a batch of 10·C examples C − 2 to C in 71, and of 4·C in 60. Above 0.7, where the classes have not yet come
 * apart, it was 17 of 28; below 0.15 examples are being fitted one by one, and with 15 of a class more stood out. That most of the gradient lies along
 * the outliers was not borne out on such networks: its share in the first ten eigenvectors was 0.01 to 0.8, and nothing is forecast of it.
 * In a run of TensorFlow.js with batches of 20 a class (`examples/laws/classes.mjs`) it was C − 2 to C in 7 of the 9 measurements there.
 *
 * Assumes a cross-entropy over 3 to 16 classes, no batch normalization, which shrinks outliers (Ghorbani et al. 2019), and batches of 10
 * examples a class. Forecast, once for each doubling of the step: the count at the next measurement is C − 2 to C.
 */
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import { finite } from "../baselines.ts";
import { finiteLoss, firstFailure, needObjective, regimeOf, unchecked } from "../regime.ts";
import type { RunView } from "../runView.ts";
import { unmeasured, verdictOn } from "../score.ts";
import { batchOf } from "../stepBatch.ts";

/** Twenty eigenvalues are measured. */
const [fewestClasses, mostClasses] = [3, 16];

/** Examples of a class in a batch. */
const perClass = 10;

/** The loss as a part of ln C. */
const [leastLoss, mostLoss] = [0.15, 0.5];

/** Losses of batches that are averaged to say where training is, at most and as a part of those so far. */
const [averaged, lately] = [16, 0.25];

/** Steps before which a doubling is no time. */
const leastSteps = 4;

const eigenvalues = "hessian/eigenvalues";

/**
 * The number of eigenvalues before the largest ratio of neighbours, of those from half of the classes on.
 * NaN where there are too few for the classes, or one is not positive.
 *
 * @param values in descending order, in any unit
 */
export function outlierCount(values: readonly number[], classes: number): number {
  const first = Math.ceil(classes / 2);
  if (values.length < classes + 2) return NaN;
  let [count, largest] = [NaN, 0];
  for (let place = first; place < values.length; place++) {
    const [above = NaN, below = NaN] = [values[place - 1], values[place]];
    if (!(below > 0 && above < Infinity)) break;
    if (above / below > largest) [count, largest] = [place, above / below];
  }
  return count;
}

function classesOf(view: RunView): number {
  return view.objective?.classes ?? NaN;
}

/** Mean of the last losses over ln C; NaN while there is none. */
function relativeLoss(view: RunView): number {
  const losses = view.series("loss/train");
  const count = Math.min(averaged, Math.ceil(lately * losses.length));
  let sum = 0;
  for (let back = 1; back <= count; back++) sum += losses.valueAt(losses.length - back);
  return sum / count / Math.log(classesOf(view));
}

function isBetween(value: number, least: number, most: number): boolean | "unknown" {
  return Number.isNaN(value) ? "unknown" : value >= least && value <= most;
}

function checks(view: RunView): readonly RegimeCheck[] {
  const { objective, models } = view;
  const [classes, batch, loss] = [classesOf(view), batchOf(view) ?? NaN, relativeLoss(view)];
  const normalized = models.flatMap(({ modules }) => modules.filter(({ kind }) => /batch_?norm/i.test(kind)));
  return [
    {
      condition: "the loss is a cross-entropy, as a mean over examples",
      holds:
        objective?.kind === "crossEntropy" &&
        (objective.reduction === "unknown" ? "unknown" : objective.reduction === "mean"),
      saw: `${objective?.kind ?? "unknown"}, ${objective?.reduction ?? "unknown"}`,
    },
    {
      condition: `there are ${fewestClasses} to ${mostClasses} classes`,
      holds: isBetween(classes, fewestClasses, mostClasses),
      saw: Number.isNaN(classes) ? "an unknown number" : `${classes}`,
    },
    {
      condition: `a batch has at least ${perClass} examples of each class on average`,
      holds: isBetween(batch / classes, perClass, Infinity),
      saw: `${Number.isNaN(batch) ? "an unknown number" : batch} for ${classes} classes`,
    },
    {
      condition: "no batches are normalized",
      holds: models.length === 0 ? "unknown" : normalized.length === 0,
      saw: models.length === 0 ? "no model seen" : `${normalized.length} normalizations`,
    },
    finiteLoss(view),
    {
      condition: `the loss is between ${leastLoss} and ${mostLoss} of ln C: classes have come apart, and examples are not yet fitted`,
      holds: isBetween(loss, leastLoss, mostLoss),
      saw: Number.isNaN(loss) ? "no loss yet" : `${loss.toPrecision(2)} of it`,
    },
  ];
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const classes = classesOf(view);
  if (
    view.step < leastSteps ||
    !Number.isFinite(classes) ||
    isBetween(relativeLoss(view), leastLoss, mostLoss) !== true
  )
    return [];
  const subject = `after 2^${Math.floor(Math.log2(view.step))} steps`;
  if (spoken(subject)) return [];
  const before = view.vectors(eigenvalues).at(-1);
  return [
    {
      id: `${hessianOutliers.id}/${subject}@${view.step}`,
      law: hessianOutliers.id,
      subject,
      observable: eigenvalues,
      statistic: "value",
      issuedAt: view.step,
      from: view.step + 1,
      to: 2 * view.step,
      low: classes - 2,
      central: classes - 1,
      high: classes,
      baselines: finite({ kind: "persistence", value: outlierCount(before?.values ?? [], classes) }),
      assumptions: [
        "Classes are balanced, and no other structure of the data is as strong as that of the classes.",
        ...unchecked(hessianOutliers.regime(view)),
      ],
      statement: `Some ${classes - 1} directions are steeper than all others, one for each class but one: ${classes} classes make ${classes - 2} to ${classes} outliers of the Hessian.`,
    },
  ];
}

/** By the first measurement in the forecast's steps. */
function score(made: Forecast, view: RunView): Verdict | undefined {
  const point = view.vectors(eigenvalues).find(({ step }) => step >= made.from);
  if (point === undefined || point.step > made.to) {
    return view.step > made.to
      ? unmeasured(made, view, "unresolved", `They were not measured up to step ${made.to}.`)
      : undefined;
  }
  const failed = firstFailure(regimeOf(checks(view.at(point.step))));
  if (failed !== undefined) {
    return unmeasured(made, view, "out of regime", `At step ${point.step} it was not so that ${failed}.`);
  }
  const count = outlierCount(point.values, classesOf(view));
  if (Number.isNaN(count)) {
    return unmeasured(made, view, "unresolved", `Only ${point.values.length} eigenvalues were told apart.`);
  }
  return verdictOn(made, view, count, `At step ${point.step} ${count} eigenvalues stood out.`);
}

export const hessianOutliers: Law = {
  id: "hessian-outliers",
  number: "L29",
  area: "empirical",
  title: "Outliers of the Hessian",
  statement: "The Hessian of a classifier's loss has one eigenvalue less than classes that stand out from the others.",
  references: [
    {
      citation: "Sagun et al. 2017",
      title: "Empirical Analysis of the Hessian of Over-Parametrized Neural Networks",
      arxiv: "1706.04454",
    },
    {
      citation: "Gur-Ari, Roberts and Dyer 2018",
      title: "Gradient Descent Happens in a Tiny Subspace",
      arxiv: "1812.04754",
    },
    {
      citation: "Papyan 2019",
      title: "Measurements of Three-Level Hierarchical Structure in the Outliers in the Spectrum of Deepnet Hessians",
      arxiv: "1901.08244",
    },
  ],
  needs: [
    needObjective,
    { what: "the largest eigenvalues of the Hessian", met: (view) => view.vectors(eigenvalues).length > 0 },
  ],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score,
};
