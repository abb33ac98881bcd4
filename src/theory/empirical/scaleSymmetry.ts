/**
 * L28: what the symmetry of scale says of weights before a normalization. The loss is the same whatever they are multiplied by, so that
 * their gradient stands at right angles to them, ⟨W, g⟩ = 0, and a step of plain gradient descent, with weight decay λ, makes of their norm exactly
 *
 *   ‖W‖²(t+1) = (1 − ηλ)²·‖W‖²(t) + η²·‖g‖²(t):
 *
 * without decay it can only grow, by η²·Σ‖g‖².
 *
 * Source: Kunin et al. 2021, sec. 4 (the conserved quantity) and 5 (its breaking by finite steps). The exact step is Pythagoras; it was checked
 * here in float64 to 1e-13 over 1000 steps. Their law for the other symmetries is not forecast: nothing is recorded of it.
 *
 * Assumes plain gradient descent at a constant learning rate. What keeps the normalization's divisor from zero breaks the symmetry where
 * activations are small, and adds −2η⟨W, g⟩ to the square of the norm. The law is in regime while that is at most a fifth of η²‖g‖²: a
 * cosine of 1e-4 can be too large where gradients are small.
 *
 * Forecasts, for each such layer and doubling of the step t, ‖W‖ at 2t. What gradients will be is a guess: the mean of their squares over t … 2t lies between what
 * it was over t/2 … t, as where noise holds it up, and that times what it has changed by since t/4 … t/2, as where it goes on; in the middle, their geometric mean.
 * Interval: those two ends, and a factor of 1.25 beyond. On 40 runs of the linear model of the test (noise from next to nothing to large, η of 0.01 to 0.3, λ up to
 * 0.05, t from 96 on; float64) 102 of 120 norms lay in it. That gradients go on as they went, within a factor of 2, held of 29 in 36 in networks with batch
 * normalization (three layers of 48 units, ReLU and tanh, η 0.05 to 0.5), but of 56 in 90 of these runs: noise holds them up.
 */
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import { baselinesAt } from "../baselines.ts";
import {
  constantLearningRate,
  finiteLoss,
  firstFailure,
  needOptimizer,
  oneOptimizer,
  regimeOf,
  unchecked,
} from "../regime.ts";
import type { RunView, Series } from "../runView.ts";
import { unmeasured, verdictOn } from "../score.ts";
import { windowMean } from "../windowMean.ts";

/** Most that a lack of symmetry may add to a norm's square, over what the step itself adds. */
const mostAsymmetry = 0.2;

/** Factor within which the squares of the gradients to come are known. */
const spread = 1.25;

/** Steps before which a quarter of them is too little to tell how gradients fall. */
const leastSteps = 96;

/** By how much the mean of the gradients' squares is taken to go on rising at most. */
const mostGrowth = 2;

const prefix = "scale/product@";

interface Rates {
  readonly rate: number;
  readonly decay: number;
}

/** Norm after some steps from the present one and the sum of the gradients' squares over them, spread evenly. */
export function laterNorm(norm: number, squares: number, { rate, decay }: Rates, steps: number): number {
  const shrinks = 2 * rate * decay * steps;
  const share = shrinks > 0 ? -Math.expm1(-shrinks) / shrinks : 1;
  return Math.sqrt(Math.exp(-shrinks) * norm ** 2 + share * rate ** 2 * squares);
}

/** Undefined where groups differ or descent is not plain. */
function ratesOf(view: RunView): Rates | undefined {
  const { optimizer } = view;
  const [first, ...others] = optimizer?.groups ?? [];
  if (optimizer?.kind !== "sgd" || first === undefined) return undefined;
  const { learningRate: rate, weightDecay: decay = 0, momentum = 0 } = first;
  const differs = others.some((each) => each.learningRate !== rate || (each.weightDecay ?? 0) !== decay);
  return differs || momentum !== 0 || !(rate > 0 && decay >= 0) || !Number.isFinite(rate * decay)
    ? undefined
    : { rate, decay };
}

function layersOf(view: RunView): readonly string[] {
  return view.observables().flatMap((name) => {
    const layer = name.startsWith(prefix) ? name.slice(prefix.length) : "";
    return layer === "" || layer.endsWith("/null") ? [] : [layer];
  });
}

function last(series: Series): number {
  return series.length === 0 ? NaN : series.valueAt(series.length - 1);
}

/** Whether what the last cosine measured adds to a norm's square is little beside what a step adds. */
function isSymmetric(view: RunView, layer: string, { rate }: Rates): boolean {
  const [cosines, gradients] = [view.series(prefix + layer), view.series(`gradient/norm@${layer}`)];
  if (cosines.length === 0 || gradients.length === 0) return false;
  // Of the same step, where both were measured at it.
  const at = Math.min(gradients.length - 1, gradients.indexFrom(cosines.stepAt(cosines.length - 1)));
  const asymmetry = 2 * Math.abs(last(cosines)) * last(view.series(`weight/norm@${layer}`));
  return asymmetry <= mostAsymmetry * rate * gradients.valueAt(at);
}

function checks(view: RunView): readonly RegimeCheck[] {
  const layers = layersOf(view);
  const rates = ratesOf(view);
  const symmetric = rates === undefined ? [] : layers.filter((layer) => isSymmetric(view, layer, rates));
  return [
    oneOptimizer(view),
    {
      condition: "the optimizer is plain gradient descent, alike for all layers",
      holds: rates !== undefined,
      saw: view.optimizer?.name ?? "none",
    },
    constantLearningRate(view),
    finiteLoss(view),
    {
      condition: "the gradient stands at right angles to some layer's weights, closely enough for its size",
      holds: symmetric.length > 0,
      saw: `${symmetric.length} of ${layers.length} layers before a normalization`,
    },
  ];
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const rates = ratesOf(view);
  if (rates === undefined || view.step < leastSteps) return [];
  const doubling = Math.floor(Math.log2(view.step));
  return layersOf(view).flatMap((layer) => {
    const subject = `${layer} after 2^${doubling} steps`;
    if (spoken(subject) || !isSymmetric(view, layer, rates)) return [];
    const made = normForecast(view, layer, rates, subject);
    return made === undefined ? [] : [made];
  });
}

function normForecast(view: RunView, layer: string, rates: Rates, subject: string): Forecast | undefined {
  const [norms, gradients] = [view.series(`weight/norm@${layer}`), view.series(`gradient/norm@${layer}`)];
  const now = view.step;
  // Of a norm of long ago one does not know how it has grown since.
  if (norms.length === 0 || norms.stepAt(norms.length - 1) < (7 / 8) * now) return undefined;
  const square = (value: number) => value ** 2;
  const [lately, before] = [
    windowMean(gradients, now / 2, now, square),
    windowMean(gradients, now / 4, now / 2, square),
  ];
  if (lately === undefined || before === undefined) return undefined;
  const measuredAt = norms.stepAt(norms.length - 1);
  const steps = 2 * now - measuredAt;
  // Between staying as they are, as noise does, and going on as they went.
  const goesOn = Math.min(mostGrowth, lately.mean / before.mean);
  const squares = lately.mean * steps;
  const norm = last(norms);
  const [low, central, high] = [Math.min(1, goesOn) / spread, Math.sqrt(goesOn), Math.max(1, goesOn) * spread].map(
    (factor) => laterNorm(norm, factor * squares, rates, steps),
  );
  if (low === undefined || central === undefined || high === undefined) return undefined;
  if (!(norm > 0 && high > low && Number.isFinite(high) && Number.isFinite(low))) return undefined;
  return {
    id: `${scaleSymmetry.id}/${subject}@${now}`,
    law: scaleSymmetry.id,
    subject,
    observable: `weight/norm@${layer}`,
    statistic: "value",
    issuedAt: now,
    from: now + 1,
    to: 2 * now,
    low,
    central,
    high,
    baselines: baselinesAt(norms, 2 * now),
    assumptions: [
      `The squares of the gradients stay as they are or change as they have, within a factor of ${spread}, and gradients are not changed before the step but by clipping.`,
      ...unchecked(scaleSymmetry.regime(view)),
    ],
    statement: `By step ${2 * now} the weights of ${layer}, whose scale the loss does not feel, have a norm of ${central.toPrecision(4)}, after ${norm.toPrecision(4)}.`,
  };
}

/** The last measurement up to the horizon, if it lies in its last eighth. */
function score(made: Forecast, view: RunView): Verdict | undefined {
  if (view.step <= made.to) return undefined;
  const failed = firstFailure(regimeOf(checks(view)));
  if (failed !== undefined) return unmeasured(made, view, "out of regime", `It is no longer so that ${failed}.`);
  const layer = made.observable.slice(made.observable.indexOf("@") + 1);
  const rates = ratesOf(view);
  if (rates === undefined || !isSymmetric(view, layer, rates)) {
    return unmeasured(
      made,
      view,
      "out of regime",
      `The gradient of ${layer} is no longer at right angles to its weights.`,
    );
  }
  const series = view.series(made.observable);
  const index = series.indexFrom(made.to + 1) - 1;
  const step = index >= 0 ? series.stepAt(index) : NaN;
  if (!(step >= (15 / 16) * made.to))
    return unmeasured(made, view, "unresolved", "It was not measured near the horizon.");
  const value = series.valueAt(index);
  return verdictOn(made, view, value, `At step ${step} it was ${value.toPrecision(5)}.`);
}

export const scaleSymmetry: Law = {
  id: "scale-symmetry",
  number: "L28",
  area: "empirical",
  title: "Norms of layers without a scale",
  statement:
    "Weights before a normalization grow by η²‖g‖² a step under plain gradient descent, and shrink only by decay.",
  references: [
    {
      citation: "Kunin et al. 2021",
      title: "Neural Mechanics: Symmetry and Broken Conservation Laws in Deep Learning Dynamics",
      arxiv: "2012.04728",
    },
  ],
  needs: [
    needOptimizer,
    { what: "weights before a normalization, and their gradient", met: (view) => layersOf(view).length > 0 },
  ],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score,
};
