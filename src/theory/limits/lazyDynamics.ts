/**
 * L10: lazy dynamics. A network whose tangent kernel K stays what it is learns like a linear model. On a loss κ·½E‖f − y‖² over m examples,
 * gradient descent shrinks the residual along the i-th eigenvector of K/m, of eigenvalue μ_i, by 1 − ηκμ_i a step:
 *
 *   L(t + τ)  =  κ·Σ_i ρ_i·(1 − ηκμ_i)^(2τ),     ρ_i = (e_i·(f − y))²/(2m).
 *
 * Sources: Jacot, Gabriel and Hongler 2018; Lee et al. 2019, here in discrete steps. κ is measured, as the loss over Σρ_i.
 *
 * Assumes plain gradient descent on a squared error of the whole data set, whose every example is in the kernel, and that the kernel has moved by
 * no more than 5 % of its norm since initialization; that is measured again before anything is scored. In networks of finite width the
 * kernel moves by about 1/width on average (Dyer and Gur-Ari 2020), single ones by two times more or less, and rates with it.
 *
 * Interval: |ln(L / forecast)| ≤ 0.005 + 0.02·ln(L now / forecast). On 20 tanh networks of one hidden layer (300, 500 and 800 units, 16 examples of 3
 * inputs, float64), each scored only where the kernel had moved by less than 5 %, 76 of 84 forecasts held; losses came out higher than forecast
 * more often than lower.
 *
 * Forecasts, at the first measurement in each doubling of the step: the loss at the steps at which it should be a half, and a tenth, of what it is.
 */
import { baselinesAt } from "../baselines.ts";
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import { learningRateOf } from "../plainDescent.ts";
import { finiteLoss, firstFailure, needObjective, needOptimizer, regimeOf, unchecked } from "../regime.ts";
import type { RunView } from "../runView.ts";
import { unmeasured, verdictOn, window } from "../score.ts";
import { linearization, linearizationChecks, linearLoss, type Linearization } from "./linearization.ts";

/** ‖K − K₀‖/‖K₀‖ up to which a network is lazy. */
export const mostDrift = 0.05;

/** Shares of the loss that are forecast. */
const shares = [
  { name: "half", of: 0.5 },
  { name: "tenth", of: 0.1 },
] as const;

/** Steps ahead: nearer it is no forecast, farther it is none of this run. */
const [nearest, farthest] = [16, 1e6];

/** Relative error of rates, by which ln L is off as by that part of its fall; and of the loss besides. */
const rateError = 0.02;
const lossError = 0.005;

/** What makes a network's training that of a linear model whose kernel is known. */
export function lazyChecks(view: RunView): readonly RegimeCheck[] {
  const distance = view.series("kernel/distance");
  const drift = distance.length === 0 ? undefined : distance.valueAt(distance.length - 1);
  return [
    ...linearizationChecks(view),
    {
      condition: `the tangent kernel has moved by at most ${100 * mostDrift} % of its norm`,
      holds: drift === undefined ? "unknown" : drift <= mostDrift,
      saw: drift === undefined ? "measured once" : `${(100 * drift).toPrecision(2)} %`,
    },
    finiteLoss(view),
  ];
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const last = view.vectors("kernel/residual").at(-1)?.step ?? NaN;
  const doubling = Math.floor(Math.log2(last + 1));
  const open = shares.filter(({ name }) => !spoken(subjectOf(name, doubling)));
  const linear = open.length === 0 ? undefined : linearization(view, -1);
  if (linear === undefined) return [];
  const rate = learningRateOf(view);
  const now = linearLoss(linear, rate, 0);
  if (!linear.rates.every((each) => rate * each < 2)) return [];
  return open.flatMap(({ name, of }) => {
    const ahead = stepsTo(linear, rate, of * now);
    const to = linear.step + ahead;
    // An old kernel's horizon may have come already.
    if (!(ahead >= nearest && ahead <= farthest && to > view.step + 1)) return [];
    const central = linearLoss(linear, rate, ahead);
    const width = lossError + rateError * Math.log(now / central);
    const subject = subjectOf(name, doubling);
    const loss = view.series("loss/train");
    const made: Forecast = {
      id: `${lazyDynamics.id}/${subject}@${view.step}`,
      law: lazyDynamics.id,
      subject,
      observable: "loss/train",
      statistic: "value",
      issuedAt: view.step,
      from: to,
      to,
      low: central * Math.exp(-width),
      central,
      high: central * Math.exp(width),
      baselines: baselinesAt(loss, to),
      assumptions: ["The tangent kernel stays as it is.", ...unchecked(lazyDynamics.regime(view))],
      statement: `If the network is lazy, the loss is ${central.toPrecision(3)} at step ${to}: each mode of the tangent kernel shrinks at its own rate.`,
    };
    return made.low < made.high && Number.isFinite(made.high) ? [made] : [];
  });
}

function subjectOf(name: string, doubling: number): string {
  return `${name} after 2^${doubling} steps`;
}

/** Fewest steps after which the loss is not above a level; more than the farthest where that is later, or never. */
function stepsTo(linear: Linearization, rate: number, level: number): number {
  let [above, below] = [0, nearest];
  while (below <= farthest && !(linearLoss(linear, rate, below) <= level)) [above, below] = [below, 2 * below];
  while (below - above > 1) {
    const middle = Math.floor((above + below) / 2);
    if (linearLoss(linear, rate, middle) <= level) below = middle;
    else above = middle;
  }
  return below;
}

function score(made: Forecast, view: RunView): Verdict | undefined {
  if (view.step <= made.to && view.end === undefined) return undefined;
  const distance = view.series("kernel/distance");
  const seen = distance.length === 0 ? NaN : distance.stepAt(distance.length - 1);
  const isLate = seen >= made.to || (view.end !== undefined && seen >= (made.issuedAt + made.to) / 2);
  const failed = firstFailure(regimeOf(lazyChecks(view)));
  if (failed !== undefined) return unmeasured(made, view, "out of regime", `It is no longer so that ${failed}.`);
  if (!isLate) {
    if (view.end === undefined) return undefined;
    return unmeasured(made, view, "unresolved", "Whether the kernel had moved was not measured near the horizon.");
  }
  const loss = view.series(made.observable);
  const { first, end } = window(loss, made.from, made.to);
  if (end <= first) return unmeasured(made, view, "unresolved", `There is no loss of step ${made.to}.`);
  const value = loss.valueAt(first);
  return verdictOn(made, view, value, `At step ${made.to} the loss was ${value.toPrecision(4)}.`);
}

export const lazyDynamics: Law = {
  id: "lazy-dynamics",
  number: "L10",
  area: "limits",
  title: "Lazy dynamics, mode by mode",
  statement:
    "While the tangent kernel stays, the residual shrinks by 1 − ηκμ a step along each eigenvector, and the whole loss curve follows.",
  references: [
    {
      citation: "Jacot, Gabriel and Hongler 2018",
      title: "Neural Tangent Kernel: Convergence and Generalization in Neural Networks",
      arxiv: "1806.07572",
    },
    {
      citation: "Lee et al. 2019",
      title: "Wide Neural Networks of Any Depth Evolve as Linear Models Under Gradient Descent",
      arxiv: "1902.06720",
    },
  ],
  needs: [
    needOptimizer,
    needObjective,
    {
      what: "the tangent kernel's eigenvalues, and what of the residual lies along its eigenvectors",
      met: (view) => view.vectors("kernel/residual").length > 0,
    },
  ],
  regime: (view) => regimeOf(lazyChecks(view)),
  forecast,
  score,
};
