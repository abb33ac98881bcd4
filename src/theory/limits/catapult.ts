/**
 * L15: the catapult. Gradient descent on a squared error with a learning rate η meets a network whose sharpness is λ₀ at
 * initialization. Below ηλ₀ = 2 the loss falls. Between 2 and 4 it first rises, which turns the curvature down, and then falls
 * where ηλ < 2. On two linear layers f = u·v with one example and the loss f², exactly
 *
 *   f ← (1 − ηλ + (2η)²f²)·f,     ηλ ← ηλ + (2η)²f²·(ηλ − 4),
 *
 * so that the peak of the loss is about 1/(2η)² times a number that ηλ₀ alone decides, and beyond 4 nothing stops it.
 *
 * Source: Lewkowycz et al. 2020, eqs. 6 and 7, there for u·v/√n and f²/2, whose η/n is (2η)² here. λ is there the top eigenvalue of
 * the tangent kernel over the number of examples, which at initialization is the sharpness but for a term of the residual.
 *
 * What the intervals rest on: 84 networks with one hidden layer (linear, ReLU, tanh; widths 100 and 400; 24 and 64 examples of 4 and 8
 * inputs; float64) at ηλ₀ from 2.3 to 3.7. All rose. Those with tanh from 2.9 on, and the others from 3.7 on, sometimes did not come back.
 * The peak was 0.34 to 0.95 times the recurrence's on linear networks (half of them 0.5 to 0.62) and 1.05 to 7.2 times on the others
 * (eight in ten 1.5 to 3.8, here widened, because those networks had no biases), at either width; ηλ afterwards was 1.1 to 1.96, 0.4 to 1.7 (ReLU) and 1.6 to 2.2 (tanh). With two hidden layers or
 * a width of 32, half of them did not rise at all: there the law is out of regime. At ηλ₀ from 1.5 to 1.9 the largest loss after the first
 * step was 0.2 to 0.75 of the first.
 */
import type { ModelFacts } from "../facts.ts";
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import { constantLearningRate, firstFailure, largeBatch, needObjective, needOptimizer } from "../regime.ts";
import { needSeries, oneOptimizer, regimeOf, unchecked } from "../regime.ts";
import type { RunView } from "../runView.ts";
import { timeMean, unmeasured, verdictOn, window } from "../score.ts";

/** Steps within which the loss rises and falls again. */
const flight = 100;
/** Steps over which the sharpness is averaged once it is over. */
const landed = { from: 60, to: 160 };

const leastWidth = 100;
/** ηλ₀ up to which the loss falls, and from which it rises. */
const [falls, rises] = [1.8, 2.2];

/** By activation: ηλ₀ up to which the loss comes back, the peak in units of the recurrence's, and ηλ afterwards. */
const kinds = {
  linear: { most: 3.5, peak: [0.4, 0.55, 1.1], landing: [1.15, 1.7, 2] },
  relu: { most: 3.5, peak: [1.1, 2.2, 4.5], landing: [0.45, 1.1, 1.7] },
  other: { most: 2.8, peak: [1.1, 2.2, 4.5], landing: [1.5, 1.85, 2.15] },
} as const;

/**
 * Largest f² of the recurrence after its first step; Infinity where it does not come back.
 *
 * @param product ηλ₀
 * @param rate η
 * @param square f² at the beginning, in squared units of the output
 */
export function catapultPeak(product: number, rate: number, square: number): number {
  let [output, sharpness, peak] = [Math.sqrt(square), product, 0];
  for (let step = 0; step < flight; step++) {
    const push = (2 * rate * output) ** 2;
    [output, sharpness] = [(1 - sharpness + push) * output, sharpness + push * (sharpness - 4)];
    if (!(Math.abs(output) < 1e12)) return Infinity;
    peak = Math.max(peak, output * output);
  }
  return peak;
}

function rateOf(view: RunView): number {
  return view.optimizer?.groups[0]?.learningRate ?? NaN;
}

/** η·λ₀; undefined where the sharpness was not measured before the first step. */
function productOf(view: RunView): number | undefined {
  const sharpness = view.series("sharpness/batch");
  const product = sharpness.length > 0 && sharpness.stepAt(0) === 0 ? rateOf(view) * sharpness.valueAt(0) : NaN;
  return Number.isNaN(product) ? undefined : product;
}

/** An activation that is not known is taken for one of those that bend most. */
function kindOf(model: ModelFacts | undefined): keyof typeof kinds {
  const known = new Set(model?.modules.flatMap(({ activation }) => activation?.toLowerCase() ?? []));
  if (known.size === 0 || [...known].some((each) => each !== "linear" && each !== "relu")) return "other";
  return known.has("relu") ? "relu" : "linear";
}

function checks(view: RunView): readonly RegimeCheck[] {
  const { optimizer, objective } = view;
  const [model] = view.models;
  const groups = optimizer?.groups ?? [];
  const plain =
    optimizer?.kind === "sgd" &&
    groups.every(({ momentum = 0, weightDecay = 0 }) => momentum === 0 && weightDecay === 0);
  const product = productOf(view);
  return [
    oneOptimizer(view),
    { condition: "the optimizer is plain gradient descent", holds: plain, saw: optimizer?.name ?? "none" },
    constantLearningRate(view),
    largeBatch(view, 1, "every step sees the whole data set"),
    {
      condition: "the loss is a squared error",
      holds: objective?.kind === "unknown" ? "unknown" : objective?.kind === "meanSquaredError",
      saw: objective?.kind ?? "unknown",
    },
    {
      condition: "the network has one hidden layer",
      holds: model?.depth === undefined ? "unknown" : model.depth === 2,
      saw: model?.depth === undefined ? "depth unknown" : `${model.depth} layers of weights`,
    },
    {
      condition: `the network is at least ${leastWidth} wide`,
      holds: model?.width === undefined ? "unknown" : model.width >= leastWidth,
      saw: `width ${model?.width ?? "unknown"}`,
    },
    {
      condition: "the sharpness was measured before the first step",
      holds: product !== undefined,
      saw: product === undefined ? "not measured at step 0" : `ηλ₀ = ${product.toPrecision(3)}`,
    },
  ];
}

function forecast(view: RunView): readonly Forecast[] {
  const loss = view.series("loss/train");
  const product = productOf(view);
  if (view.step !== 0 || loss.length === 0 || product === undefined || !(product > 0)) return [];
  const first = loss.valueAt(0);
  if (!(first > 0) || !Number.isFinite(first)) return [];
  if (product <= falls) return [fall(view, first, product)];
  if (product < rises || product > kinds[kindOf(view.models[0])].most) return [];
  const peak = catapultPeak(product, rateOf(view), first);
  // Of outputs so large that the recurrence does not come back, as with a factor of 1/√n before them, it tells no peak.
  return [...(Number.isFinite(peak) ? [rise(view, first, product, peak)] : []), landing(view, product)];
}

function common(view: RunView, subject: string) {
  return {
    id: `${catapult.id}/${subject}@${view.step}`,
    law: catapult.id,
    subject,
    issuedAt: view.step,
    assumptions: ["Inputs and targets are of about unit size.", ...unchecked(regimeOf(checks(view)))],
  };
}

function fall(view: RunView, first: number, product: number): Forecast {
  return {
    ...common(view, "fall"),
    observable: "loss/train",
    statistic: "maximum",
    from: 1,
    to: flight,
    low: 0.15 * first,
    central: 0.5 * first,
    high: first,
    isBound: true,
    baselines: [{ kind: "persistence", value: first }],
    statement: `ηλ₀ = ${product.toPrecision(3)} lies below 2: the loss never exceeds its first value.`,
  };
}

function rise(view: RunView, first: number, product: number, peak: number): Forecast {
  const [low, central, high] = kinds[kindOf(view.models[0])].peak;
  return {
    ...common(view, "rise"),
    observable: "loss/train",
    statistic: "maximum",
    from: 1,
    to: flight,
    // A loss that never exceeds its first value has not risen.
    low: Math.max(first, low * peak),
    central: Math.max(1.1 * first, central * peak),
    high: Math.max(1.2 * first, high * peak),
    baselines: [{ kind: "persistence", value: first }],
    statement: `ηλ₀ = ${product.toPrecision(3)} lies between 2 and 4: the loss rises to about ${((central * peak) / first).toPrecision(2)} times its first value, and comes back.`,
  };
}

function landing(view: RunView, product: number): Forecast {
  const rate = rateOf(view);
  const [low, central, high] = kinds[kindOf(view.models[0])].landing;
  return {
    ...common(view, "landing"),
    observable: "sharpness/batch",
    statistic: "timeMean",
    ...landed,
    low: low / rate,
    central: central / rate,
    high: high / rate,
    baselines: [{ kind: "persistence", value: product / rate }],
    statement: `After the loss has come back, the sharpness is about ${central}/η = ${(central / rate).toPrecision(3)}, and below 2/η or just there.`,
  };
}

function score(made: Forecast, view: RunView): Verdict | undefined {
  if (view.step <= made.to && view.end === undefined) return undefined;
  const failed = firstFailure(regimeOf(checks(view)));
  if (failed !== undefined) return unmeasured(made, view, "out of regime", `It is no longer so that ${failed}.`);
  const series = view.series(made.observable);
  const { first, end } = window(series, made.from, made.to);
  if (made.statistic === "timeMean") {
    if (end - first < 3)
      return unmeasured(made, view, "unresolved", `The sharpness was measured ${end - first} times.`);
    const mean = timeMean(series, first, end);
    return verdictOn(made, view, mean, `On average it was ${mean.toPrecision(4)}.`);
  }
  const last = end > first ? series.stepAt(end - 1) : 0;
  const largest = series.maximum(first, end);
  // A loss that is no number any more has been larger than any.
  const peak = Number.isNaN(largest) && end > first ? Infinity : largest;
  if (last < made.to - 1 && Number.isFinite(peak)) {
    return unmeasured(made, view, "unresolved", `The run ended at step ${last}, before step ${made.to}.`);
  }
  return verdictOn(made, view, peak, `The largest loss from step 1 to ${last} was ${peak.toPrecision(4)}.`);
}

export const catapult: Law = {
  id: "catapult",
  number: "L15",
  area: "limits",
  title: "Catapult",
  statement:
    "At a learning rate between 2/λ₀ and 4/λ₀ the loss of a wide network rises first, and falls once the sharpness has come below 2/η.",
  references: [
    {
      citation: "Lewkowycz et al. 2020",
      title: "The large learning rate phase of deep learning: the catapult mechanism",
      arxiv: "2003.02218",
    },
  ],
  needs: [needOptimizer, needObjective, needSeries("the sharpness before the first step", "sharpness/batch")],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score,
};
