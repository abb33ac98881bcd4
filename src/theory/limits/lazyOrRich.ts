/**
 * L11: lazy or rich. How far a network's tangent kernel K has moved since initialization, Δ = ‖K − K₀‖/‖K₀‖, tells whether it learns with the features that it
 * began with (lazy, Δ below 5 %) or makes new ones (rich, above 30 %). To first order the kernel moves in proportion to the weights, to second order with
 * their square, and these move as under the kernel as it was:
 *
 *   Δ(t)  ∝  ‖w(t) − w(0)‖^p,  ‖w(t) − w(0)‖  =  √( Σ_i κμ_i·κρ_i·((1 − (1 − ηκμ_i)^t)/ηκμ_i)² )·η·√2/√κ,
 *
 * μ_i the eigenvalues of K₀/m and ρ_i what of the first residual lies along its eigenvectors (see `linearization`). So an early measurement of Δ, with
 * the modes that are still to be learned, tells what it comes to. Where weights are random, their terms of first order largely cancel in a kernel, the more so the
 * smaller the last layer begins; which order counts, p between 1 and 2, is seen from how Δ has grown so far (derived here, and checked on the runs below).
 *
 * Sources: Chizat, Oyallon and Bach 2019 (lazy where the kernel moves by little on the way to the solution); Dyer and Gur-Ari 2020 (Δ ∝ 1/width
 * on average). The displacement is that of gradient descent on a linear model, as in Lee et al. 2019. That Δ is a power of it is the assumption:
 * directions that the kernel feels more than others change it. Assumes plain gradient descent on a squared error of the whole data set.
 *
 * Forecasts, at the first measurement in each doubling of the step t: Δ on the last fifth of the way to 4t and to 16t, within factors of 1.7 and 2.3. On 60 tanh
 * networks of one hidden layer (widths 8 to 400, so that Δ came to between 1 % and 200 %; float64) 322 of 360 measurements lay within; the median
 * skill was −0.01: lines do as well. In the first 130 steps of runs of `examples/laws/lazy.mjs`, whose last layer begins small, 10 of 12 at a width of 64, where
 * first order alone gave 5, and 10 of 12 at one of 256. Where the kernel was first measured after 40 and 120 of 640 steps, by what of the first residual lay along its eigenvectors
 * then, 55 of 59 held on 24 networks of widths 8 to 400.
 */
import type { Forecast, Law, RegimeCheck } from "../law.ts";
import { baselinesAt } from "../baselines.ts";
import { learningRateOf } from "../plainDescent.ts";
import { finiteLoss, needObjective, needOptimizer, needSeries, regimeOf, unchecked } from "../regime.ts";
import type { RunView, Series } from "../runView.ts";
import { scoreMean } from "../scoreMean.ts";
import { mostDrift } from "./lazyDynamics.ts";
import { initialLinearization, linearizationChecks, type Linearization } from "./linearization.ts";

/** Δ from which on a network is rich. */
const rich = 0.3;

/** Steps before which a doubling is no time. */
const leastSteps = 4;

/** How far ahead it speaks, in units of the steps so far, and the factor that is left open. */
const horizons = [
  { ahead: 4, factor: 1.7 },
  { ahead: 16, factor: 2.3 },
] as const;

/** The last part of the way to a horizon, over which measurements are averaged. */
const averaged = 0.2;

/**
 * How far gradient descent moves the weights of a linear model in so many steps, up to a factor that does not depend on them.
 *
 * @param rate η
 */
export function displacement({ rates, parts }: Linearization, rate: number, steps: number): number {
  const squares = parts.reduce((sum, part, index) => {
    const decay = rate * (rates[index] ?? NaN);
    const times = decay > 0 ? (1 - (1 - decay) ** steps) / decay : 0;
    return sum + part * decay * times ** 2;
  }, 0);
  return Math.sqrt(squares);
}

function checks(view: RunView): readonly RegimeCheck[] {
  return [...linearizationChecks(view), finiteLoss(view)];
}

/**
 * p of Δ ∝ ‖w(t) − w(0)‖^p, by what Δ has grown by since half of the time, or less, had passed: from first order to second. First order where
 * nothing was measured then.
 *
 * @param displaced How far the weights have moved after so many steps, up to a factor.
 */
export function orderOf(distance: Series, displaced: (steps: number) => number): number {
  const last = distance.length - 1;
  const now = distance.stepAt(last);
  const earlier = distance.indexFrom(Math.floor(now / 2) + 1) - 1;
  if (earlier < 0 || !(distance.stepAt(earlier) >= 1)) return 1;
  const grown = Math.log(distance.valueAt(last) / distance.valueAt(earlier));
  const order = grown / Math.log(displaced(now) / displaced(distance.stepAt(earlier)));
  return order > 1 ? Math.min(2, order) : 1;
}

function subjectOf(ahead: number, doubling: number): string {
  return `${ahead} times 2^${doubling} steps`;
}

function nameOf(distance: number): string {
  if (distance <= mostDrift) return "lazy: it learns with the features that it began with";
  return distance >= rich ? "rich: it makes features of its own" : "between lazy and rich";
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const distance = view.series("kernel/distance");
  const last = distance.length - 1;
  const step = last < 0 ? 0 : distance.stepAt(last);
  // A value of long ago is not what it is now.
  if (step < leastSteps || step < (7 / 8) * view.step) return [];
  const doubling = Math.floor(Math.log2(step));
  const open = horizons.filter(({ ahead }) => !spoken(subjectOf(ahead, doubling)));
  // The first kernel: later ones have moved further.
  const initial = open.length === 0 ? undefined : initialLinearization(view, 0);
  if (initial === undefined) return [];
  const rate = learningRateOf(view);
  const now = distance.valueAt(last);
  const order = orderOf(distance, (steps) => displacement(initial, rate, steps));
  return open.flatMap(({ ahead, factor }) => {
    const to = ahead * step;
    const middle = (1 - averaged / 2) * to;
    const central = now * (displacement(initial, rate, middle) / displacement(initial, rate, step)) ** order;
    const [low, high] = [central / factor, central * factor];
    if (!(low > 0 && low < high) || !Number.isFinite(high)) return [];
    const subject = subjectOf(ahead, doubling);
    return [
      {
        id: `${lazyOrRich.id}/${subject}@${view.step}`,
        law: lazyOrRich.id,
        subject,
        observable: "kernel/distance",
        statistic: "timeMean" as const,
        issuedAt: view.step,
        from: Math.ceil((1 - averaged) * to),
        to,
        low,
        central,
        high,
        baselines: baselinesAt(distance, middle),
        assumptions: [
          `The kernel moves as the weights' displacement to the power of ${order.toPrecision(2)}, as it did so far, and these as under the kernel at initialization.`,
          ...unchecked(lazyOrRich.regime(view)),
        ],
        statement: `By step ${to} the tangent kernel has moved by ${(100 * central).toPrecision(2)} % of its norm, ${(100 * now).toPrecision(2)} % so far: the network is ${nameOf(central)}.`,
      },
    ];
  });
}

export const lazyOrRich: Law = {
  id: "lazy-or-rich",
  number: "L11",
  area: "limits",
  title: "Lazy or rich",
  statement:
    "The tangent kernel moves in proportion to the weights: early on it is seen whether a network keeps its first features or makes new ones.",
  references: [
    {
      citation: "Chizat, Oyallon and Bach 2019",
      title: "On Lazy Training in Differentiable Programming",
      arxiv: "1812.07956",
    },
    {
      citation: "Dyer and Gur-Ari 2020",
      title: "Asymptotics of Wide Networks from Feynman Diagrams",
      arxiv: "1909.11304",
    },
  ],
  needs: [
    needOptimizer,
    needObjective,
    {
      what: "the tangent kernel's eigenvalues, and what of the initial residual lies along its eigenvectors",
      met: (view) => view.vectors("kernel/initialResidual").length > 0,
    },
    needSeries("how far the tangent kernel has moved", "kernel/distance"),
  ],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score: (made, view) => scoreMean(made, view, checks),
};
