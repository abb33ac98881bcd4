/**
 * L26: neural collapse. When a classifier trains on past the point where it makes no errors, its last features of each class draw
 * together and the class means become a simplex:
 *
 *   NC1 = tr(Σ_W·Σ_B⁺)/K,   NC2 = ‖MMᵀ/‖MMᵀ‖ − (I − 11ᵀ/K)/√(K−1)‖,   both → 0,
 *
 * with covariances within and between K classes and M the centred class means; and the network decides like the nearest class mean:
 * NC4, the share of examples on which the two differ, → 0.
 *
 * Sources: Papyan, Han and Donoho 2020 (NC1 to NC4); Zhu et al. 2021, eq. 9 (NC2), and their thm 3.1: of free features under
 * cross-entropy and weight decay, every minimum is a simplex, and there are no other attractors.
 *
 * Assumes cross-entropy, balanced classes, at most one class more than features, and the terminal phase. The training error is not
 * recorded, but a misclassified example costs at least ln 2, so that a mean loss L bounds the error by L/ln 2; the law speaks once that
 * is below 1 %. Weight penalties only add to L.
 *
 * Forecasts, at the first measurement of each doubling of the step t from then on, of the mean over 1.5t … 2t: NC1 and NC2 are
 * below what they are by half a percent or more, and NC4 is at most what it is or 2 %. That is the direction that theory gives, with
 * no rate, which hangs on decay and learning rate. Checked on six networks of three hidden layers (48 units, tanh and ReLU, 3 to 10
 * classes, with and without batch normalization, Adam, descent and momentum): over 17 stretches NC1 fell to 0.70 to 0.96 of what it
 * was, NC2 to 0.77 to 0.99 but for one where it rose by 2 %, and NC4 stayed at most 1.6 %: 50 of 51 forecasts held. The norms of the
 * class means did not become more equal in two of the six, which is why nothing is forecast of them.
 */
import type { Forecast, Law, RegimeCheck } from "../law.ts";
import { baselinesAt } from "../baselines.ts";
import { finiteLoss, needObjective, needSeries, regimeOf, unchecked } from "../regime.ts";
import type { RunView, Series } from "../runView.ts";
import { scoreMean } from "../scoreMean.ts";

/** Of the training examples, in the terminal phase. */
const mostErrors = 0.01;

/** Steps before which a doubling is no time. */
const leastSteps = 16;

/** A share of examples on which the network and the nearest class mean may differ where they have become alike. */
const fewMismatches = 0.02;

/** Relative fall below which a measure has stayed where it was. */
const leastFall = 0.005;

/** Share of what a measure is now that it is expected to be. */
const expectedShare = 0.9;

const measures = [
  { name: "nc1", what: "the spread within classes over that between them" },
  { name: "nc2", what: "the distance of the class means from a simplex" },
  { name: "nc4", what: "the share of examples on which the network differs from the nearest class mean" },
] as const;

function last(series: Series): number {
  return series.length === 0 ? NaN : series.valueAt(series.length - 1);
}

/** Bound on the share of examples that are misclassified, by the loss on the kept batches or else on the last one. */
function errorBound(view: RunView): number {
  const probe = view.series("loss/probe");
  return last(probe.length > 0 ? probe : view.series("loss/train")) / Math.LN2;
}

/** Features that go into the last layer with as many outputs as there are classes; undefined where no module shows it. */
function featureCount(view: RunView, classes: number): number | undefined {
  const shapes = view.models.flatMap(({ modules }) => modules.flatMap(({ parameterShapes }) => parameterShapes));
  const shape = shapes.findLast((each) => each.length === 2 && each.includes(classes));
  return shape && (shape[0] === classes ? shape[1] : shape[0]);
}

function checks(view: RunView): readonly RegimeCheck[] {
  const { objective } = view;
  const classes = objective?.classes;
  const features = classes === undefined ? undefined : featureCount(view, classes);
  const errors = errorBound(view);
  return [
    {
      condition: "the loss is a cross-entropy, as a mean over examples",
      holds:
        objective?.kind === "crossEntropy" &&
        (objective.reduction === "unknown" ? "unknown" : objective.reduction === "mean"),
      saw: `${objective?.kind ?? "unknown"}, ${objective?.reduction ?? "unknown"}`,
    },
    finiteLoss(view),
    {
      condition: "there is at most one class more than features, so that a simplex has room",
      holds: classes === undefined || features === undefined ? "unknown" : classes <= features + 1,
      saw: `${classes ?? "unknown"} classes, ${features ?? "unknown"} features`,
    },
    {
      condition: `at most ${100 * mostErrors} % of the examples can be misclassified`,
      holds: Number.isNaN(errors) ? "unknown" : errors <= mostErrors,
      saw: Number.isNaN(errors)
        ? "no loss yet"
        : `at most ${(100 * Math.min(1, errors)).toPrecision(2)} %, from the loss`,
    },
  ];
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  if (view.step < leastSteps || !(errorBound(view) <= mostErrors)) return [];
  const doubling = Math.floor(Math.log2(view.step));
  return measures.flatMap(({ name, what }) => {
    const subject = `${name} after 2^${doubling} steps`;
    const series = view.series(`collapse/${name}`);
    // A value of long ago is not what it is now.
    if (spoken(subject) || series.length === 0 || series.stepAt(series.length - 1) < (7 / 8) * view.step) return [];
    const now = last(series);
    const high = name === "nc4" ? Math.max(now, fewMismatches) : (1 - leastFall) * now;
    if (!(high > 0 && Number.isFinite(high) && now >= 0)) return [];
    const [from, to] = [Math.ceil(1.5 * view.step), 2 * view.step];
    return [
      {
        id: `${neuralCollapse.id}/${subject}@${view.step}`,
        law: neuralCollapse.id,
        subject,
        observable: `collapse/${name}`,
        statistic: "timeMean" as const,
        issuedAt: view.step,
        from,
        to,
        low: 0,
        central: expectedShare * now,
        high,
        isBound: true as const,
        baselines: baselinesAt(series, (from + to) / 2),
        assumptions: [
          "Classes are balanced, and training goes on as it has.",
          ...unchecked(neuralCollapse.regime(view)),
        ],
        statement: `By step ${to} ${what} is at most ${high.toPrecision(3)}: classes go on drawing together after the errors are gone.`,
      },
    ];
  });
}

export const neuralCollapse: Law = {
  id: "neural-collapse",
  number: "L26",
  area: "universality",
  title: "Neural collapse",
  statement:
    "Once a classifier makes no more errors, its features of a class draw together and the classes form a simplex.",
  references: [
    {
      citation: "Papyan, Han and Donoho 2020",
      title: "Prevalence of Neural Collapse during the Terminal Phase of Deep Learning Training",
      arxiv: "2008.08186",
    },
    {
      citation: "Zhu et al. 2021",
      title: "A Geometric Analysis of Neural Collapse with Unconstrained Features",
      arxiv: "2105.02375",
    },
  ],
  needs: [needObjective, needSeries("the last features of each class, kept and measured", "collapse/nc1")],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score: (made, view) => scoreMean(made, view, checks),
};
