/**
 * L13: signal propagation at initialization. In a wide network of dense layers h ↦ φ(W·h + b) with independent fresh weights, the mean
 * square of a unit goes from layer to layer as
 *
 *   q' = σ_w²·E[h²] + σ_b²,   E[h²] = E[φ(√q·z)²],   z normal,
 *
 * and the squared gradient by an example's activations, on its way back, as ‖δ‖² ↦ σ_w²·E[φ′(√q·z)²]·‖δ‖². What the pairs of a batch
 * add has a map of its own, that of their correlation. See `signalPropagation`.
 *
 * Sources: Poole et al. 2016, eq. 3 and 5; Schoenholz et al. 2017, eq. 4 to 9. Checked here in float64 against random networks. That one mean
 * correlation stands for all pairs of a batch is an approximation.
 *
 * σ_w² and σ_b² are what the fresh weights and biases are, by their recorded mean squares, so that it does not matter how a framework
 * calls its initializers; size and correlation of the input, and the derivatives by the outputs, are those of the first batch.
 *
 * Forecasts, before the first step's values: each hidden layer's root mean square activation, and the norm of the gradient by each layer's
 * weights (see `freshGradients`). Intervals: how far networks of finite width stray, to first order in 1/width (see `fluctuations`), and what
 * the sizes and the pairs of a batch's examples leave open. Of ten kinds of networks, of 60 to 200 units, 2 to 8 layers and 8 activation functions, drawn
 * twelve times each in float64, 87 % of the activations and 90 % of the gradients lay in them; so did 21 of 24
 * activations and 26 of 27 gradients of networks of TensorFlow.js with its own initializer, nine layers deep.
 */
import { gaussianDecile } from "../bootstrap.ts";
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import { firstFailure, needSeries, regimeOf, unchecked } from "../regime.ts";
import type { RunView } from "../runView.ts";
import { unmeasured, verdictOn } from "../score.ts";
import { expectedGradients } from "./freshGradients.ts";
import { expectedActivations, freshNetwork, type Expected } from "./freshNetwork.ts";
import { plainChain } from "./plainChain.ts";

/** Units below which a layer is not wide. */
const leastWidth = 24;

/** Standard deviation of a logarithm beyond which a forecast is not worth making. */
const vague = 1;

const gradientNorm = "gradient/norm@";

/** Relative change of the gradient between computing and applying it beyond which the norm is another one's. */
const mostClipped = 0.01;

function checks(view: RunView): readonly RegimeCheck[] {
  const { models, objective } = view;
  const chain = models[0] === undefined ? undefined : plainChain(models[0]);
  const { layers, signals } = freshNetwork(view);
  const narrowest = Math.min(...layers.slice(0, -1).map(({ units }) => units));
  const fresh = signals.every(({ weightVariance }) => weightVariance > 0);
  return [
    { condition: "one model is trained", holds: models.length === 1, saw: `${models.length} seen` },
    {
      condition: "the network is nothing but dense layers with activation functions of a known form",
      holds: layers.length > 0,
      saw: chain !== undefined && "obstacle" in chain ? chain.obstacle : `${layers.length} of them`,
    },
    {
      condition: `hidden layers are at least ${leastWidth} wide`,
      holds: layers.length === 0 ? "unknown" : narrowest >= leastWidth,
      saw: layers.length === 0 ? "no plain network" : `${narrowest} at the narrowest`,
    },
    {
      condition: "the fresh weights of every layer were seen, and are not zero",
      holds: layers.length === 0 ? "unknown" : fresh,
      saw: layers.length === 0 ? "no plain network" : fresh ? "so it is" : "some are missing or zero",
    },
    {
      condition: "no weight penalty is part of the loss",
      holds: objective === undefined || objective.kind === "unknown" ? "unknown" : !objective.regularized,
      saw: objective?.regularized === true ? "regularized" : (objective?.kind ?? "no loss seen"),
    },
  ];
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  if (view.step !== 0) return [];
  const network = freshNetwork(view);
  const isOpen = (what: string, observable: string) => view.series(observable).length === 0 && !spoken(what);
  const hidden = network.layers.slice(0, -1);
  const awaited = network.layers.filter(({ path }) => isOpen(`gradient ${path}`, `gradient/norm@${path}`));
  const quiet = hidden.filter(({ path }) => isOpen(`activation ${path}`, `activation/rms@${path}`));
  if (!(network.input.meanSquare > 0) || awaited.length + quiet.length === 0) return [];
  const activations = quiet.length === 0 ? [] : expectedActivations(network);
  const gradients = awaited.length === 0 ? [] : expectedGradients(view, network);
  const of = (all: readonly Expected[], path: string) => all[network.layers.findIndex((each) => each.path === path)];
  return [
    ...quiet.map(({ path }) => activation(view, path, Math.sqrt(network.input.meanSquare), of(activations, path))),
    ...awaited.map(({ path }) => gradient(view, path, of(gradients, path))),
  ].filter((made) => made !== undefined);
}

function common(view: RunView, subject: string, { value, variance }: Expected) {
  const width = Math.exp(gaussianDecile * Math.sqrt(variance));
  return {
    id: `${signalAtInitialization.id}/${subject}@${view.step}`,
    law: signalAtInitialization.id,
    subject,
    statistic: "value",
    issuedAt: view.step,
    from: 0,
    to: 0,
    low: value / width,
    central: value,
    high: value * width,
    assumptions: [
      "Weights are fresh and independent: nothing is pretrained.",
      "Layers follow one another in the order in which the model lists them.",
      ...unchecked(regimeOf(checks(view))),
    ],
  } as const;
}

function isSound(expected: Expected | undefined): expected is Expected {
  return expected !== undefined && expected.value > 1e-300 && expected.value < 1e300 && expected.variance < vague ** 2;
}

function activation(view: RunView, path: string, fed: number, expected: Expected | undefined): Forecast | undefined {
  if (!isSound(expected)) return undefined;
  return {
    ...common(view, `activation ${path}`, expected),
    observable: `activation/rms@${path}`,
    baselines: [{ kind: "as large as the input", value: fed }],
    statement: `Before training, the activations of ${path} have a root mean square of ${expected.value.toPrecision(3)}; the input has ${fed.toPrecision(3)}.`,
  };
}

function gradient(view: RunView, path: string, expected: Expected | undefined): Forecast | undefined {
  if (!isSound(expected)) return undefined;
  return {
    ...common(view, `gradient ${path}`, expected),
    observable: `${gradientNorm}${path}`,
    baselines: [],
    statement: `The first gradient by the weights of ${path} has a norm of ${expected.value.toPrecision(3)}.`,
  };
}

function score(made: Forecast, view: RunView): Verdict | undefined {
  const series = view.series(made.observable);
  if (series.length === 0 && view.step === 0) return undefined;
  const failed = firstFailure(regimeOf(checks(view)));
  if (failed !== undefined) return unmeasured(made, view, "out of regime", `It is no longer so that ${failed}.`);
  if (series.length === 0 || series.stepAt(0) > 0) {
    return unmeasured(made, view, "unresolved", "It was not measured before the first step.");
  }
  if (made.observable.startsWith(gradientNorm)) {
    const ratio = view.series("gradient/ratio");
    // It comes after the step's own values.
    if (ratio.length === 0 && view.step === 0 && view.end === undefined) return undefined;
    if (ratio.length > 0 && ratio.stepAt(0) === 0 && !(Math.abs(ratio.valueAt(0) - 1) <= mostClipped)) {
      const reason = `The optimizer was given a gradient ${ratio.valueAt(0).toPrecision(3)} times that of the loss, as one that is clipped.`;
      return unmeasured(made, view, "out of regime", reason);
    }
  }
  const value = series.valueAt(0);
  const text = `It was ${value.toPrecision(3)}, ${(value / made.central).toPrecision(3)} times the forecast.`;
  return verdictOn(made, view, value, text);
}

export const signalAtInitialization: Law = {
  id: "signal-propagation",
  number: "L13",
  area: "limits",
  title: "Signal propagation",
  statement:
    "Before training, activations and gradients of a wide network shrink or grow from layer to layer by factors that follow from its weights' variance alone.",
  references: [
    {
      citation: "Poole et al. 2016",
      title: "Exponential expressivity in deep neural networks through transient chaos",
      arxiv: "1606.05340",
    },
    { citation: "Schoenholz et al. 2017", title: "Deep Information Propagation", arxiv: "1611.01232" },
  ],
  needs: [
    { what: "a model", met: (view) => view.models.length > 0 },
    needSeries("the first batch's inputs and the fresh weights, before the first step", "input/rms"),
  ],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score,
};
