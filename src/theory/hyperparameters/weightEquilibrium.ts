/**
 * L34: what weight decay does to the norm and the rotation of a layer's weights. With decoupled decay λ, learning rate η and gradients
 * that are mostly noise, AdamW moves each weight by a random walk whose steps add up as if each were ±η, and shrinks it by ηλ a step:
 *
 *   ‖w‖²(t) = N·η/(2λ) + (‖w‖²(0) − N·η/(2λ))·exp(−2ηλt),   N weights,
 *
 * so that in the end their root mean square is √(η/2λ), and a step turns the layer by √(2ηλ(1−β₁)/(1+β₁)) radians; before, by
 * η·√(N(1−β₁)/(1+β₁))/‖w‖. What was learned is forgotten after τ = 1/(ηλ) steps. For gradient descent with momentum μ and coupled
 * decay, on layers whose scale the loss does not feel, a step turns by √(2ηλ/(1+μ)) after some 1/η_eλ steps, η_e = η/(1−μ).
 *
 * Sources: Kosson et al. 2023, table 1 (equilibria and rotations); Wang and Aitchison 2024, sec. 3 (τ). The way to the equilibrium was
 * derived here: with g/√v̂ white and of variance 1 the updates' sum has variance η² a step, whatever β₁, while one update has
 * η²(1−β₁)/(1+β₁). The rotation under momentum likewise, in PyTorch's form v ← μv + g.
 *
 * Assumes a constant learning rate, one decay for all matrices, layers whose scale the loss does not feel because a normalization
 * follows, and noise: for AdamW that is checked, as signal makes the updates longer than the noise's η·√(N(1−β₁)/(1+β₁)), by up to
 * the square root of (1+β₁)/(1−β₁), and as gradients that shrink make them shorter: where the layer above decayed, norms came
 * to 0.7 to 0.75 of the forecast. Of layers that have a scale it does not speak: their gradient has a lasting part along the weights.
 *
 * Forecasts, for each layer, one τ ahead: the norm, and the angle of a step. Interval: ± 12 %, of a norm 20 % downwards. On 12
 * small networks with layer normalization in float64 (η 0.001 to 0.1, λ 0.003 to 2, labels partly random; 10 with AdamW, 2 with
 * descent) 36 of 40 measurements lay within 15 % of the forecast, and 39 within 20 %; of two further networks, in PyTorch, the norms
 * came to 7 to 20 % below it. On layers with a scale norms were off by a factor of 2: hence the silence there.
 */
import { baselinesAt } from "../baselines.ts";
import type { ParameterGroup } from "../facts.ts";
import type { Forecast, Law, RegimeCheck } from "../law.ts";
import { constantLearningRate, finiteLoss, needOptimizer, oneOptimizer, regimeOf, unchecked } from "../regime.ts";
import type { RunView, Series } from "../runView.ts";
import { scoreMean } from "../scoreMean.ts";

/** Part of τ before the horizon over which what comes is averaged, and the least measurements in it. */
const averaged = 0.2;
const leastMeasurements = 3;

/** Measurements before it speaks, which tell noise from signal; the mean of the last ones is taken. */
const leastBefore = 10;

/**
 * Updates longer than those of noise by more than this factor have signal in them; shorter ones come from gradients that have shrunk
 * within the memory of their squares, 1/(1 − β₂) steps.
 */
const mostSignal = 1.5;

/** Relative half-widths of the intervals; downwards of a norm, where training seen in practice fell short of the forecast. */
const width = 0.12;
const widthBelow = 0.2;

/** What all matrices have in common. */
interface Decay {
  readonly rate: number;
  readonly decay: number;
  /** Steps after which a weight is forgotten. */
  readonly timescale: number;
  /** Variance of one update over that of what the updates add up to, per step. */
  readonly persistence: number;
  readonly adaptive: boolean;
}

/** Root mean square of a weight in equilibrium under AdamW, √(η/2λ). */
export function equilibriumWeight(learningRate: number, decay: number): number {
  return Math.sqrt(learningRate / (2 * decay));
}

/**
 * Radians that a step turns weights of a root mean square by under AdamW, η·√((1−β₁)/(1+β₁))/w_rms: in equilibrium √(2ηλ(1−β₁)/(1+β₁)).
 * @param persistence (1−β₁)/(1+β₁)
 */
export function adaptiveAngle(learningRate: number, persistence: number, weight: number): number {
  return (learningRate * Math.sqrt(persistence)) / weight;
}

/** Undefined where groups that decay differ, or nothing decays in a form that the law knows. */
function decayOf(view: RunView): Decay | undefined {
  const { optimizer } = view;
  const [first, ...others] = (optimizer?.groups ?? []).filter(({ weightDecay = 0 }) => weightDecay > 0);
  if (optimizer === undefined || first === undefined || others.some((other) => !alike(first, other))) return undefined;
  const { learningRate: rate, weightDecay: decay = 0, momentum = 0, beta1, weightDecayForm: form } = first;
  if (!(rate > 0) || !Number.isFinite(rate * decay)) return undefined;
  const timescale = 1 / (rate * decay);
  if (optimizer.kind === "adamw" || (optimizer.kind === "adam" && form === "decoupled")) {
    if (beta1 === undefined || !(beta1 >= 0 && beta1 < 1)) return undefined;
    return { rate, decay, timescale, persistence: (1 - beta1) / (1 + beta1), adaptive: true };
  }
  const isDescent = optimizer.kind === "sgd" || optimizer.kind === "momentum";
  if (!isDescent || form !== "coupled" || !(momentum >= 0 && momentum < 1) || first.nesterov === true) return undefined;
  const persistence = (1 - momentum) / (1 + momentum);
  return { rate, decay, timescale: timescale * (1 - momentum), persistence, adaptive: false };
}

function alike(one: ParameterGroup, other: ParameterGroup): boolean {
  const keys = ["learningRate", "weightDecay", "momentum", "beta1", "weightDecayForm"] as const;
  return keys.every((key) => one[key] === other[key]);
}

interface Layer {
  readonly name: string;
  readonly weights: number;
  readonly norm: Series;
  readonly angle: Series;
}

/** Layers of which the law speaks: without a scale, with one matrix of known size, and their norm and rotation measured. */
function layersOf(view: RunView): readonly Layer[] {
  return view.models.flatMap(({ modules }) =>
    modules.flatMap(({ path, parameterShapes }) => {
      const [shape, ...others] = parameterShapes.filter(({ length }) => length >= 2);
      const [norm, angle] = [view.series(`weight/norm@${path}`), view.series(`update/angle@${path}`)];
      const invariant = view.series(`scale/product@${path}`).length > 0;
      if (!invariant || shape === undefined || others.length > 0 || norm.length * angle.length === 0) return [];
      const weights = shape.reduce((product, size) => product * size, 1);
      return { name: path, weights, norm, angle };
    }),
  );
}

/** Mean square length of a layer's last updates over that of noise alone; NaN where there are too few. */
function signalOf({ norm, angle, weights }: Layer, { rate, persistence }: Decay): number {
  const count = Math.min(norm.length, angle.length);
  if (count < leastBefore) return NaN;
  let squares = 0;
  for (let back = 1; back <= leastBefore; back++) {
    squares += (norm.valueAt(norm.length - back) * angle.valueAt(angle.length - back)) ** 2;
  }
  return squares / leastBefore / (rate ** 2 * weights * persistence);
}

/** Whether updates are as long as those of noise. */
function isNoise(signal: number): boolean {
  return signal <= mostSignal ** 2 && signal >= mostSignal ** -2;
}

function checks(view: RunView): readonly RegimeCheck[] {
  const decay = decayOf(view);
  const base = [
    oneOptimizer(view),
    {
      condition: "weights decay: decoupled under AdamW, coupled under gradient descent, and all matrices alike",
      holds: decay !== undefined,
      saw:
        decay === undefined
          ? (view.optimizer?.name ?? "no optimizer")
          : `${view.optimizer?.name ?? ""}, τ = ${decay.timescale.toPrecision(3)} steps${epochs(view, decay)}`,
    },
    constantLearningRate(view),
    finiteLoss(view),
  ];
  if (decay?.adaptive !== true) return base;
  const signals = layersOf(view)
    .map((layer) => signalOf(layer, decay))
    .filter(Number.isFinite);
  const noisy = signals.filter(isNoise).length;
  return [
    ...base,
    {
      condition: "gradients are mostly noise in some layer, and as large as they were",
      holds: signals.length === 0 ? "unknown" : noisy > 0,
      saw: signals.length === 0 ? "too few measurements" : `in ${noisy} of ${signals.length} layers`,
    },
  ];
}

function epochs({ data }: RunView, { timescale }: Decay): string {
  const { examples, batch } = data ?? {};
  if (examples === undefined || batch === undefined || !(examples > 0)) return "";
  return ` or ${((timescale * batch) / examples).toPrecision(2)} epochs`;
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const decay = decayOf(view);
  if (decay === undefined || decay.timescale * averaged < leastMeasurements) return [];
  return layersOf(view).flatMap((layer) => {
    if (spoken(`${layer.name} rotation`) || layer.norm.length < leastBefore) return [];
    const signal = decay.adaptive ? signalOf(layer, decay) : 1;
    return isNoise(signal) ? forecastsOf(view, layer, decay) : [];
  });
}

function forecastsOf(view: RunView, layer: Layer, decay: Decay): readonly Forecast[] {
  const { rate, timescale, persistence, adaptive } = decay;
  const to = view.step + Math.ceil(timescale);
  const from = Math.ceil(to - averaged * timescale);
  const equilibrium = layer.weights * equilibriumWeight(rate, decay.decay) ** 2;
  const last = layer.norm.length - 1;
  const left = Math.exp((-2 * ((from + to) / 2 - layer.norm.stepAt(last))) / timescale);
  const norm = Math.sqrt(left * layer.norm.valueAt(last) ** 2 + (1 - left) * equilibrium);
  const angle = adaptive
    ? adaptiveAngle(rate, persistence, norm / Math.sqrt(layer.weights))
    : Math.sqrt((2 * persistence) / timescale);
  const common = {
    law: weightEquilibrium.id,
    issuedAt: view.step,
    from,
    to,
    statistic: "timeMean" as const,
    assumptions: [
      "Gradients stay mostly noise, and the learning rate as it is.",
      ...unchecked(weightEquilibrium.regime(view)),
    ],
  };
  const rotation: Forecast = {
    ...common,
    id: `${weightEquilibrium.id}/${layer.name} rotation@${view.step}`,
    subject: `${layer.name} rotation`,
    observable: `update/angle@${layer.name}`,
    low: angle * (1 - width),
    central: angle,
    high: angle * (1 + width),
    baselines: baselinesAt(layer.angle, (from + to) / 2),
    statement: `By step ${to}, one timescale from now, a step turns ${layer.name} by ${angle.toPrecision(3)} radians.`,
  };
  if (!Number.isFinite(rotation.high)) return [];
  if (!adaptive) return [rotation];
  const length: Forecast = {
    ...common,
    id: `${weightEquilibrium.id}/${layer.name} norm@${view.step}`,
    subject: `${layer.name} norm`,
    observable: `weight/norm@${layer.name}`,
    low: norm * (1 - widthBelow),
    central: norm,
    high: norm * (1 + width),
    baselines: baselinesAt(layer.norm, (from + to) / 2),
    statement: `By step ${to}, one timescale from now, the weights of ${layer.name} have a norm of ${norm.toPrecision(3)}, on the way to √(N·η/2λ) = ${Math.sqrt(equilibrium).toPrecision(3)}.`,
  };
  return [length, rotation];
}

export const weightEquilibrium: Law = {
  id: "weight-equilibrium",
  number: "L34",
  area: "hyperparameters",
  title: "Equilibrium of weight decay",
  statement:
    "Under weight decay the norm of a layer and its turn a step reach values set by η, λ and β₁ within 1/(ηλ) steps.",
  references: [
    {
      citation: "Kosson et al. 2023",
      title: "Rotational Equilibrium: How Weight Decay Balances Learning Across Neural Networks",
      arxiv: "2305.17212",
    },
    {
      citation: "Wang and Aitchison 2024",
      title: "How to set AdamW's weight decay as you scale model and dataset size",
      arxiv: "2405.13698",
    },
  ],
  needs: [
    needOptimizer,
    {
      what: "the norm and the rotation of a layer whose scale the loss does not feel, as before a normalization",
      // Without decay no measurement is needed to see that the law does not apply.
      met: (view) => decayOf(view) === undefined || layersOf(view).length > 0,
    },
  ],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score: (made, view) => scoreMean(made, view, checks, leastMeasurements),
};
