/** What a model makes of signals and gradients before it has learned anything, layer by layer. */
import type { LayerSketch } from "../../source/sketch/layerSketch.ts";
import type { ModelSketch } from "../../source/sketch/modelSketch.ts";
import type { Activation } from "../../theory/limits/activationFunctions.ts";
import { gaussianDecile } from "../../theory/bootstrap.ts";
import { deepSignal } from "../../theory/limits/criticality.ts";
import { signalAtInitialization } from "../../theory/limits/signalAtInitialization.ts";
import {
  followSignal,
  type LayerFlow,
  type SignalFlow,
  type SignalStage,
  type SignalStages,
} from "../../theory/limits/signalFlow.ts";
import type { SignalLayer } from "../../theory/limits/signalPropagation.ts";
import { saidOfInputs, whyNotFed, type ModelInputs } from "./modelInputs.ts";
import { exactly, notPredicted, roughly, type Prediction } from "./prediction.ts";
import { activationBehind, signalStages } from "./signalStages.ts";
import { shareWithinPadding } from "./withinPadding.ts";

/** Depths up to this multiple of ξ were found to train (Schoenholz et al. 2017, fig. 5). */
const trainable = 6;

interface LayerSignal {
  readonly layer: LayerSketch;
  /** Of its own, or of the one that follows at once; linear where there is none. */
  readonly activation: Activation;
  /** Root mean square after it. */
  readonly rms: Prediction;
  /** What the norm of the gradient by the units of the last layer is multiplied by on its way to this one's. */
  readonly gradient: Prediction;
}

export interface SignalPredictions {
  /** Dense and convolutional layers; 0 where the flow through the model is not known. */
  readonly depth: number;
  /** `gradient` of the first of them. */
  readonly gain: Prediction;
  /** Layers up to which a stack of the hidden layer that is met most would train; absent where no two hidden ones are alike, or it is no plain stack. */
  readonly usableDepth: Prediction | undefined;
  /** What blocks that are skipped multiply the root mean square of the stream by that they add to; absent where there are no two in a row. */
  readonly stream: Prediction | undefined;
  /** Of dense and convolutional layers, embeddings and normalizations. */
  readonly layers: readonly LayerSignal[];
  /** Largest variance of the logits, of inputs with a mean square of at most what is told; a reason where it is not known. */
  readonly logits: number | string;
}

/** @param isTraining as `signalStages` has it */
export function predictSignal(model: ModelSketch, isTraining: boolean, inputs: ModelInputs): SignalPredictions {
  const read = signalStages(model, isTraining);
  const isOfWords = read.known && read.stages.some(({ kind }) => kind === "embedding");
  const reason = read.known ? (isOfWords ? undefined : whyNotFed(inputs)) : read.reason;
  if (!read.known || reason !== undefined) {
    const gain = notPredicted(reason ?? "", signalAtInitialization);
    return { depth: 0, gain, usableDepth: undefined, stream: undefined, layers: [], logits: reason ?? "" };
  }
  const { stages } = read;
  const assumptions = assumptionsOf(model, allOf(stages), inputs);
  const [least, most] = (["least", "most"] as const).map((extreme) => followSignal(stages, inputs.square, extreme));
  const layers = (least?.layers ?? []).flatMap((flow, place) => {
    const [layer, other] = [model.layers[flow.layer], most?.layers[place]];
    if (layer === undefined || other === undefined) return [];
    const activation = activationBehind(flow.layer, allOf(stages));
    return [
      { layer, activation, rms: rmsOf(flow, other, assumptions), gradient: gradientOf(flow, other, assumptions) },
    ];
  });
  const weighted = layers.filter(({ layer }) => layer.kind === "dense" || layer.kind === "convolution");
  return {
    depth: weighted.length,
    gain: gainOf(weighted, stages),
    usableDepth: usableDepth(plainLayers(stages).slice(0, -1), assumptions),
    stream: streamOf(least, most, assumptions),
    layers,
    logits: logitsOf(stages, most),
  };
}

function logitsOf(stages: SignalStages, flow: SignalFlow | undefined): number | string {
  const isLast = stages.findLast(({ kind }) => kind !== "activation")?.kind === "weights";
  if (flow === undefined || !isLast) return "no layer of weights is its last";
  if (flow.output.kind === "obstacle") return flow.output.reason;
  const { meanSquare } = flow.output;
  return Number.isFinite(meanSquare) ? meanSquare : "they grow beyond the range of numbers";
}

/** The one of the first layer, as long as all layers are known. */
function gainOf(weighted: readonly LayerSignal[], stages: SignalStages): Prediction {
  const obstacle = allOf(stages).find(({ kind }) => kind === "obstacle");
  if (obstacle?.kind === "obstacle") return notPredicted(obstacle.reason, signalAtInitialization);
  const [first, second] = weighted;
  if (first === undefined || second === undefined) return notPredicted("it has one layer only", signalAtInitialization);
  return first.gradient;
}

/** Blocks add as 1 + s²·m_f/m, s what they are multiplied by: within a constant factor at any depth for s ∝ 1/√depth (Bordelon et al. 2023). */
function streamOf(
  least: SignalFlow | undefined,
  most: SignalFlow | undefined,
  assumptions: readonly string[],
): Prediction | undefined {
  const [one, other] = [least?.stream, most?.stream];
  if (one === undefined || other === undefined) return undefined;
  const growth = [one, other].map(({ before, behind }) => behind.meanSquare / before.meanSquare);
  const stray = Math.max(one.behind.stray, other.behind.stray);
  return scattered(growth, stray, `over ${one.blocks} sums: √Π(1 + s²·m_f/m)`, assumptions);
}

function rmsOf({ signal: one }: LayerFlow, { signal: other }: LayerFlow, assumptions: readonly string[]): Prediction {
  if (one.kind === "obstacle") return notPredicted(one.reason, signalAtInitialization);
  if (other.kind === "obstacle") return notPredicted(other.reason, signalAtInitialization);
  return scattered(
    [one.meanSquare, other.meanSquare],
    Math.max(one.stray, other.stray),
    "√E[φ(z)²], z of variance q",
    assumptions,
  );
}

function gradientOf(
  { gradient: one }: LayerFlow,
  { gradient: other }: LayerFlow,
  assumptions: readonly string[],
): Prediction {
  if (one.kind === "obstacle") return notPredicted(one.reason, signalAtInitialization);
  if (other.kind === "obstacle") return notPredicted(other.reason, signalAtInitialization);
  return scattered(
    [one.low, one.high, other.low, other.high],
    Math.max(one.stray, other.stray),
    "√Π σ_w²·E[φ′²] over the layers after this one",
    assumptions,
  );
}

/**
 * @param squares between the least and the largest of which its square lies
 * @param spread variance of the logarithm of its square, over networks of these widths
 */
function scattered(
  squares: readonly number[],
  spread: number,
  how: string,
  assumptions: readonly string[],
): Prediction {
  const factor = Math.exp((gaussianDecile * Math.sqrt(spread)) / 2);
  const [least, most] = [Math.sqrt(Math.min(...squares)), Math.sqrt(Math.max(...squares))];
  if (!(least > 0) || !Number.isFinite(most) || !Number.isFinite(factor)) {
    return notPredicted("it grows or shrinks beyond the range of numbers", signalAtInitialization);
  }
  // What is normalized, and the last layer's own gradient, are left to no chance.
  if (least === most && factor === 1) return exactly(least, how, assumptions, signalAtInitialization);
  return {
    known: true,
    value: Math.sqrt(least * most),
    low: least / factor,
    high: most * factor,
    certainty: "interval",
    how,
    assumptions,
    law: signalAtInitialization,
  };
}

function assumptionsOf({ layers }: ModelSketch, stages: SignalStages, inputs: ModelInputs): readonly string[] {
  const has = (kind: SignalStage["kind"]) => stages.some((stage) => stage.kind === kind);
  const isOpen = (layer: LayerSketch) =>
    layer.used && layer.kind === "convolution" && shareWithinPadding(layer) === undefined;
  return [
    "Layers are wide, and weights independent as drawn.",
    ...(has("embedding") ? [] : [saidOfInputs(inputs, "Inputs have a mean square of 1, as standardized ones have.")]),
    ...(has("pooling") ? ["Places that are pooled are anything from independent to equal."] : []),
    ...(has("attention") ? ["Positions that attention averages over are anything from independent to equal."] : []),
    ...(layers.some(isOpen) ? ["Images are large against what convolutions pad them with."] : []),
    ...(has("normalization") ? ["What is normalized is much larger than the normalization's epsilon."] : []),
  ];
}

/** With those within sums. */
function allOf(stages: SignalStages): SignalStages {
  return stages.flatMap((stage) => (stage.kind === "sum" ? [...allOf(stage.skip), ...allOf(stage.branch)] : [stage]));
}

/** The layers of a plain stack, each with its activation function; none for any other network. */
function plainLayers(stages: SignalStages): readonly SignalLayer[] {
  const isPlain = stages.every(({ kind }) => kind === "weights" || kind === "activation" || kind === "dropout");
  let kept = 1;
  return (isPlain ? stages : []).flatMap((stage, index) => {
    if (stage.kind === "dropout") kept *= stage.kept;
    if (stage.kind !== "weights") return [];
    const { weightVariance, biasVariance } = stage;
    const next = stages[index + 1];
    const activation = next?.kind === "activation" ? next.activation : "linear";
    const layer = { activation, weightVariance: weightVariance / kept, biasVariance } as const;
    kept = 1;
    return [layer];
  });
}

function usableDepth(hidden: readonly SignalLayer[], assumptions: readonly string[]): Prediction | undefined {
  const kinds = Map.groupBy(hidden, (layer) => JSON.stringify(layer));
  const [most] = [...kinds.values()].toSorted((one, other) => other.length - one.length);
  const [typical, second] = most ?? [];
  if (typical === undefined || second === undefined) return undefined;
  const { depthScale, gain } = deepSignal(typical);
  if (Number.isNaN(depthScale))
    return notPredicted("it grows or shrinks beyond the range of numbers", signalAtInitialization);
  return roughly(
    trainable * depthScale,
    `6ξ, ξ = 1/|ln χ₁|, χ₁ = ${gain.toPrecision(3)}`,
    assumptions,
    signalAtInitialization,
  );
}
