/**
 * Signals and gradients through networks at their initialization that are more than a plain stack: normalizations, poolings and sums of a
 * branch with what skips it, in the limit of wide layers. For plain stacks it says what `propagate` and `fluctuations` say.
 *
 *   weights           q = σ_w²·m + σ_b²                  ‖δ‖² ↦ σ_w²·‖δ‖²
 *   activation        m = E[φ(√q·z)²]                    ‖δ‖² ↦ E[φ′(√q·z)²]·‖δ‖²
 *   normalization     m = g²·v/(v + ε)                   ‖δ‖² ↦ g²/(v + ε)·‖δ‖²      over features; v = m less the squared mean
 *   sum x + s·f(x)    m = m_x + s²·m_f + 2s·μ_x·μ_f      ‖δ‖² ↦ (1 + s²·χ_f)·‖δ‖²    χ_f what the branch makes of it, μ means
 *   dropout           m ↦ m/p                            ‖δ‖² ↦ ‖δ‖²/p               p the part that is kept
 *   attention         m from σ_o²·σ_v²·m/T to σ_o²·σ_v²·m                              see `signalAttention`
 *
 * What a batch normalization makes of gradients depends on how alike the batch's examples are, and is not said (Yang et al. 2019). Poolings are
 * in `pooledSignal`. Where a layer is met of which nothing is known, what follows is unknown until a normalization gives it its size again.
 *
 * Sources: Poole et al. 2016 and Schoenholz et al. 2017 (stacks); Yang and Schoenholz 2017, sec. 3 (sums); Xiong et al. 2020, lemma 3
 * (normalization over features). That of a sum is derived here for branches with fresh weights, which are independent of what skips them. Behind a
 * sum with what is bent already an activation function meets units that are not Gaussian: see `signalUnits` for what becomes of them. What becomes of
 * gradients there is not said: a unit that is on behind one such sum is so behind the next more often than not.
 */
import type { Activation } from "./activationFunctions.ts";
import type { Backward, Extreme, Flowing, Obstacle } from "./flowingSignal.ts";
import { throughPooling, type PoolingStage } from "./pooledSignal.ts";
import { throughAttention, type AttentionStage } from "./signalAttention.ts";
import { meanFourthSlope, meanSquare, meanSquareProduct, meanSquareSlope, meanValue } from "./signalMaps.ts";
import { activatedLaw, activatedUnits, gaussianLaw, lawOfSum, type UnitLaw } from "./signalUnits.ts";

export type SignalStage =
  | {
      readonly kind: "weights";
      /** Whoever asks knows it by this. */
      readonly layer: number;
      /** σ_w²: the variance of a weight times the fan-in. */
      readonly weightVariance: number;
      readonly biasVariance: number;
      /** Units, or channels. */
      readonly width: number;
    }
  | { readonly kind: "embedding"; readonly layer: number; readonly meanSquare: number; readonly width: number }
  | { readonly kind: "activation"; readonly activation: Activation }
  | {
      readonly kind: "normalization";
      readonly layer: number;
      /** Of each example by itself, or of each unit over the batch. */
      readonly over: "features" | "examples";
      /** Whether the mean is taken off. */
      readonly centred: boolean;
      readonly epsilon: number;
      /** g, which every unit is multiplied by. */
      readonly gain: number;
      readonly width: number;
    }
  | PoolingStage
  | AttentionStage
  | { readonly kind: "dropout"; readonly kept: number }
  | { readonly kind: "sum"; readonly skip: SignalStages; readonly branch: SignalStages; readonly scale: number }
  | Obstacle;

export type SignalStages = readonly SignalStage[];

export interface LayerFlow {
  readonly layer: number;
  /** After its own activation function, where one follows at once. */
  readonly signal: Flowing | Obstacle;
  /** Of the gradient by its units, before the activation function, from the last layer's units. */
  readonly gradient: Backward | Obstacle;
}

export interface SignalFlow {
  /** In the order in which they are met; of sums, those that are skipped to first. */
  readonly layers: readonly LayerFlow[];
  /** Before the last layer's activation function. */
  readonly output: Flowing | Obstacle;
  /** Before the first sum and behind the last, where there are several in a row with nothing else than such between: the stream that blocks add to. */
  readonly stream: { readonly blocks: number; readonly before: Flowing; readonly behind: Flowing } | undefined;
}

interface Stretch {
  readonly signal: Flowing | Obstacle;
  readonly backward: Backward | Obstacle;
  readonly layers: readonly LayerFlow[];
}

interface Passed extends Stretch {
  readonly stage: SignalStage;
}

const untouched: Backward = { kind: "backward", low: 1, high: 1, stray: 0 };

/** Relative change of q at which the slope of its map is taken. */
const small = 1e-3;

/** Times ε up to which what is normalized may be as small as that. */
const nearEpsilon = 30;

/**
 * What fresh layers make of an input.
 * @param input mean square of the input, over units and examples
 */
export function followSignal(stages: SignalStages, input: number, extreme: Extreme): SignalFlow {
  const isLast = ({ kind }: SignalStage) => kind === "weights" || kind === "sum";
  // What comes behind the last layer is the loss's business.
  const upTo = stages.findLastIndex(isLast) + 1;
  const fed: Flowing = {
    kind: "flowing",
    meanSquare: input,
    mean: 0,
    shape: "other",
    stray: 0,
    latentStray: 0,
    width: Infinity,
  };
  const { signal, layers } = through(stages.slice(0, upTo), fed, extreme);
  return { layers, output: signal, stream: streamOf(stages, fed, extreme) };
}

function streamOf(stages: SignalStages, fed: Flowing, extreme: Extreme): SignalFlow["stream"] {
  // What is looked up in several tables is added before the stream begins.
  const isSum = (stage: SignalStage) => stage.kind === "sum" && !stage.branch.some(({ kind }) => kind === "embedding");
  const [first, end] = [stages.findIndex(isSum), stages.findLastIndex(isSum) + 1];
  const blocks = stages.slice(first, end);
  if (blocks.length < 2 || !blocks.every(isSum)) return undefined;
  const [before, behind] = [first, end].map((place) => through(stages.slice(0, place), fed, extreme).signal);
  return before?.kind === "flowing" && behind?.kind === "flowing"
    ? { blocks: blocks.length, before, behind }
    : undefined;
}

function through(stages: SignalStages, fed: Flowing | Obstacle, extreme: Extreme): Stretch {
  const passed: Passed[] = [];
  let signal = fed;
  for (const stage of stages) {
    const next = throughStage(stage, signal, extreme);
    passed.push({ stage, ...next });
    signal = next.signal;
  }
  let backward: Backward | Obstacle = untouched;
  const layers: LayerFlow[][] = [];
  for (const [index, { stage, ...own }] of [...passed.entries()].reverse()) {
    const behind = backward;
    const inner = own.layers.map((each) => ({ ...each, gradient: inARow(each.gradient, behind) }));
    layers.unshift("layer" in stage ? [ownFlow(stage.layer, passed.slice(index), behind)] : inner);
    backward = inARow(own.backward, behind);
  }
  return { signal, backward, layers: layers.flat() };
}

/** Of a layer, which is the first of these. */
function ownFlow(layer: number, [own, next]: readonly Passed[], gradient: Backward | Obstacle): LayerFlow {
  const told = next?.stage.kind === "activation" ? next : own;
  return { layer, signal: told?.signal ?? obstacle("there is no such layer"), gradient };
}

function throughStage(stage: SignalStage, fed: Flowing | Obstacle, extreme: Extreme): Stretch {
  const alone = (signal: Flowing | Obstacle, backward: Backward | Obstacle) => ({ signal, backward, layers: [] });
  switch (stage.kind) {
    case "obstacle":
      return alone(stage, stage);
    case "embedding": {
      const { meanSquare, width } = stage;
      const drawn = { shape: "gaussian", mean: 0, stray: 2 / width, latentStray: 0 } as const;
      return alone({ kind: "flowing", meanSquare, width, ...drawn }, obstacle("gradients end at an embedding"));
    }
    case "normalization":
      return { ...normalized(stage, fed), layers: [] };
    case "sum":
      return summed(stage, fed, extreme);
    case "weights":
    case "activation":
    case "pooling":
    case "attention":
    case "dropout":
      if (fed.kind === "obstacle") return alone(fed, fed);
      break;
  }
  switch (stage.kind) {
    case "weights":
      return { ...weighted(stage, fed), layers: [] };
    case "activation":
      return { ...activated(stage.activation, fed), layers: [] };
    case "pooling":
      return { ...throughPooling(stage, fed, extreme), layers: [] };
    case "attention":
      return { ...throughAttention(stage, fed, extreme), layers: [] };
    case "dropout": {
      const factor = 1 / stage.kept;
      const signal = { ...fed, meanSquare: fed.meanSquare * factor, shape: "other" } as const;
      return alone(signal, { kind: "backward", low: factor, high: factor, stray: 0 });
    }
  }
}

type Through = Pick<Stretch, "signal" | "backward">;

function weighted(stage: Extract<SignalStage, { kind: "weights" }>, fed: Flowing): Through {
  const { weightVariance, biasVariance, width } = stage;
  const variance = weightVariance * fed.meanSquare + biasVariance;
  const latentStray = fed.stray * (1 - biasVariance / variance) ** 2;
  const stray = latentStray + 2 / width;
  return {
    signal: { kind: "flowing", meanSquare: variance, mean: 0, shape: "gaussian", stray, latentStray, width },
    backward: { kind: "backward", low: weightVariance, high: weightVariance, stray: 2 / fed.width },
  };
}

function activated(activation: Activation, fed: Flowing): Through {
  if (activation === "linear") return { signal: fed, backward: untouched };
  if (fed.shape !== "gaussian") return activatedAnew(activation, fed);
  const { meanSquare: variance, width } = fed;
  const after = meanSquare(activation, variance);
  const growth = (meanSquare(activation, variance * (1 + small)) / after - 1) / small;
  const own = Math.max(0, meanSquareProduct(activation, variance, 1) / after ** 2 - 1) / width;
  const slope = meanSquareSlope(activation, variance);
  const stray = (3 * (meanFourthSlope(activation, variance) / slope ** 2 - 1)) / width;
  return {
    signal: {
      ...fed,
      meanSquare: after,
      mean: meanValue(activation, variance),
      shape: activation === "relu" ? "rectified" : activatedLaw(activation, variance),
      stray: growth ** 2 * fed.latentStray + own,
    },
    backward: { kind: "backward", low: slope, high: slope, stray },
  };
}

/** Of units that are bent already, or that such were added to. */
function activatedAnew(activation: Activation, fed: Flowing): Through {
  const law = lawOf(fed);
  if (law === undefined) {
    const reason = "an activation function comes after something of which it is not known how it is distributed";
    return { signal: obstacle(reason), backward: obstacle(reason) };
  }
  const { law: shape, mean, meanSquare: after, meanFourth } = activatedUnits(activation, law);
  const larger = activatedUnits(activation, law, Math.sqrt(1 + small));
  const growth = (larger.meanSquare / after - 1) / small;
  const own = Math.max(0, meanFourth / after ** 2 - 1) / fed.width;
  return {
    signal: { ...fed, meanSquare: after, mean, shape, stray: growth ** 2 * fed.latentStray + own },
    // Units that are on behind one sum are so behind the next more often than others.
    backward: obstacle("what an activation function behind a sum makes of gradients is not known"),
  };
}

function lawOf({ shape, meanSquare: square }: Flowing): UnitLaw | undefined {
  if (typeof shape === "object") return shape;
  // Behind a rectifier m is half of the variance before it.
  if (shape === "rectified") return activatedLaw("relu", 2 * square);
  return shape === "gaussian" ? gaussianLaw(square) : undefined;
}

function shapeOfSum(one: Flowing, other: Flowing, scale: number): Flowing["shape"] {
  if (one.shape === "gaussian" && other.shape === "gaussian") return "gaussian";
  const [law, added] = [lawOf(one), lawOf(other)];
  return law === undefined || added === undefined ? "other" : lawOfSum(law, added, scale);
}

function normalized(stage: Extract<SignalStage, { kind: "normalization" }>, fed: Flowing | Obstacle): Through {
  const { over, centred, epsilon, gain, width } = stage;
  const ofBatch = "what a batch normalization makes of gradients depends on how alike the examples are";
  const anew = { kind: "flowing", mean: 0, stray: 0, latentStray: 0, width } as const;
  if (fed.kind === "obstacle") return { signal: { ...anew, meanSquare: gain ** 2, shape: "other" }, backward: fed };
  const shape = fed.shape === "gaussian" ? "gaussian" : "other";
  if (over === "examples") {
    if (fed.meanSquare > nearEpsilon * epsilon)
      return { signal: { ...anew, meanSquare: gain ** 2, shape }, backward: obstacle(ofBatch) };
    const reason = "what is normalized may be as small as the normalization's epsilon";
    return { signal: obstacle(reason), backward: obstacle(reason) };
  }
  const variance = centred ? fed.meanSquare - fed.mean ** 2 : fed.meanSquare;
  const factor = gain ** 2 / (variance + epsilon);
  return {
    signal: {
      ...anew,
      meanSquare: factor * variance,
      mean: centred ? 0 : Math.sqrt(factor) * fed.mean,
      shape,
    },
    backward: { kind: "backward", low: factor, high: factor, stray: fed.stray },
  };
}

function summed(
  { skip, branch, scale }: Extract<SignalStage, { kind: "sum" }>,
  fed: Flowing | Obstacle,
  extreme: Extreme,
): Stretch {
  const [past, within] = [through(skip, fed, extreme), through(branch, fed, extreme)];
  const share = { kind: "backward", low: scale ** 2, high: scale ** 2, stray: 0 } as const;
  const layers = [
    ...past.layers,
    ...within.layers.map((each) => ({ ...each, gradient: inARow(each.gradient, share) })),
  ];
  const backward = sideBySide(past.backward, inARow(within.backward, share));
  const [one, other] = [past.signal, within.signal];
  if (one.kind === "obstacle") return { signal: one, backward, layers };
  if (other.kind === "obstacle") return { signal: other, backward, layers };
  if (!branch.some(({ kind }) => kind === "weights" || kind === "attention" || kind === "embedding")) {
    const reason = "what is added has no weights of its own, and is not independent of what it is added to";
    return { signal: obstacle(reason), backward: obstacle(reason), layers };
  }
  const [held, added] = [one.meanSquare, scale ** 2 * other.meanSquare];
  const sum = held + added + 2 * scale * one.mean * other.mean;
  // A branch that begins at zero adds nothing, wherever its units stray.
  const joint = (of: "stray" | "latentStray") =>
    ((held * Math.sqrt(one[of]) + (added === 0 ? 0 : added * Math.sqrt(other[of]))) / (held + added)) ** 2;
  const signal: Flowing = {
    kind: "flowing",
    meanSquare: sum,
    mean: one.mean + scale * other.mean,
    shape: shapeOfSum(one, other, scale),
    stray: joint("stray"),
    latentStray: joint("latentStray"),
    width: one.width,
  };
  return { signal, backward, layers };
}

function inARow(one: Backward | Obstacle, other: Backward | Obstacle): Backward | Obstacle {
  if (other.kind === "obstacle") return other;
  if (one.kind === "obstacle") return one;
  const { low, high, stray } = one;
  return { kind: "backward", low: low * other.low, high: high * other.high, stray: stray + other.stray };
}

function sideBySide(one: Backward | Obstacle, other: Backward | Obstacle): Backward | Obstacle {
  if (one.kind === "obstacle") return one;
  if (other.kind === "obstacle") return other;
  const deviation =
    (one.high * Math.sqrt(one.stray) + other.high * Math.sqrt(other.stray)) / (one.high + other.high || 1);
  return { kind: "backward", low: one.low + other.low, high: one.high + other.high, stray: deviation ** 2 };
}

function obstacle(reason: string): Obstacle {
  return { kind: "obstacle", reason };
}
