/** A model as the stages that theory of signal propagation knows. */
import type { InitializerSketch } from "../../source/sketch/initializerSketch.ts";
import type { Known } from "../../source/sketch/known.ts";
import type { ActivationName, LayerSketch } from "../../source/sketch/layerSketch.ts";
import type { ModelSketch, ResidualSketch } from "../../source/sketch/modelSketch.ts";
import {
  activationNamed,
  activationOfFamily,
  activationText,
  isHomogeneous,
  type Activation,
} from "../../theory/limits/activationFunctions.ts";
import type { Obstacle } from "../../theory/limits/flowingSignal.ts";
import type { SignalStage, SignalStages } from "../../theory/limits/signalFlow.ts";
import { freshMatrix, freshMeanSquare, freshWeights } from "./freshWeights.ts";
import { shareWithinPadding } from "./withinPadding.ts";

type NormalizationLayer = Extract<LayerSketch, { kind: "normalization" }>;
type PoolingLayer = Extract<LayerSketch, { kind: "pooling" }>;
type AttentionLayer = Extract<LayerSketch, { kind: "attention" }>;

const softmaxWithin: Obstacle = { kind: "obstacle", reason: "a softmax comes before its last layer" };

/** `reason` says why there are none, as the second half of a sentence. */
type StagesOfModel =
  { readonly known: true; readonly stages: SignalStages } | { readonly known: false; readonly reason: string };

/**
 * Stages carry the indices of the model's layers.
 * @param isTraining whether dropout and batch normalization are known to do what they do in training; a model that a script calls by itself may be
 * asked for what it does afterwards
 */
export function signalStages(model: ModelSketch, isTraining: boolean): StagesOfModel {
  for (const asked of [model.complete, model.flow, model.fresh]) {
    if (!asked.known) return { known: false, reason: asked.reason };
  }
  const used = [...model.layers.keys()].filter((index) => model.layers[index]?.used === true);
  const all = stagesOf(model, used, model.residuals);
  // At the end it turns logits to probabilities, and is the loss's business.
  const known = all.slice(0, all.findLastIndex((stage) => stage !== softmaxWithin) + 1);
  const stages = isTraining ? known : known.map(asAsked);
  const weighted = model.layers.some(
    ({ used: isUsed, kind }) => isUsed && (kind === "dense" || kind === "convolution"),
  );
  return weighted ? { known: true, stages } : { known: false, reason: "it has no weights" };
}

/** A stage that is another one in training, as unknown. */
function asAsked(stage: SignalStage): SignalStage {
  if (stage.kind === "sum") return { ...stage, skip: stage.skip.map(asAsked), branch: stage.branch.map(asAsked) };
  const isOther = ("kept" in stage && stage.kept < 1) || (stage.kind === "normalization" && stage.over === "examples");
  return isOther ? obstacle("whether it is called as in training is not in the text") : stage;
}

/** The activation function that follows a layer at once; linear where none does. */
export function activationBehind(layer: number, stages: SignalStages): Activation {
  const next = stages[stages.findIndex((stage) => "layer" in stage && stage.layer === layer) + 1];
  return next?.kind === "activation" ? next.activation : "linear";
}

/** Of some of the model's layers, by their indices, with the residuals that lie among them. */
function stagesOf(
  model: ModelSketch,
  indices: readonly number[],
  residuals: readonly ResidualSketch[],
): readonly SignalStage[] {
  const stages: SignalStage[] = [];
  for (let place = 0; place < indices.length;) {
    const index = indices[place] ?? 0;
    const residual = outermostFrom(index, residuals);
    if (residual === undefined) {
      const layer = model.layers[index];
      if (layer !== undefined) stages.push(...stagesOfLayer(layer, index));
      place++;
      continue;
    }
    const { end } = extentOf(residual);
    const members = indices.filter((each) => each >= index && each <= end);
    const inner = residuals.filter((each) => each !== residual);
    const isSkip = (each: number) => residual.skip.includes(each);
    stages.push(sumOf(residual, model, [members.filter((each) => !isSkip(each)), members.filter(isSkip)], inner));
    place += members.length;
  }
  return rectifiedFirst(evenUnits(model, stages));
}

function sumOf(
  { scale }: ResidualSketch,
  model: ModelSketch,
  [branch, skip]: readonly [readonly number[], readonly number[]],
  inner: readonly ResidualSketch[],
): SignalStage {
  if (!scale.known) return obstacle(`what a branch is multiplied by is not known: ${scale.reason}`);
  return {
    kind: "sum",
    branch: stagesOf(model, branch, inner),
    skip: stagesOf(model, skip, inner),
    scale: scale.value,
  };
}

/** Of the residuals that begin at a layer, the one that ends last. */
function outermostFrom(index: number, residuals: readonly ResidualSketch[]): ResidualSketch | undefined {
  return residuals
    .filter((each) => extentOf(each).start === index)
    .toSorted((one, other) => extentOf(other).end - extentOf(one).end)[0];
}

function extentOf({ first, last, skip }: ResidualSketch): { readonly start: number; readonly end: number } {
  return { start: Math.min(first, ...skip), end: Math.max(last, ...skip) };
}

/** The rectified maximum is the maximum of what is rectified, which is what theory knows; of what is dropped likewise. */
function rectifiedFirst(stages: readonly SignalStage[]): readonly SignalStage[] {
  const ordered: SignalStage[] = [];
  for (const stage of stages) {
    const passes = stage.kind === "activation" && stage.activation === "relu";
    const place = passes ? ordered.findLastIndex((each) => !isPassed(each)) + 1 : ordered.length;
    ordered.splice(place, 0, stage);
  }
  return ordered;
}

function isPassed(stage: SignalStage): boolean {
  return stage.kind === "dropout" || (stage.kind === "pooling" && stage.form === "max");
}

/** Channels below which the units of a group of a convolution are as uneven as what they see, which differs from place to place. */
const fewChannels = 8;

/** What bends large units in another way than small ones is known behind layers that mix many alone. */
function evenUnits({ layers }: ModelSketch, stages: readonly SignalStage[]): readonly SignalStage[] {
  let units: "even" | "uneven" | "uneven, of one size" = "even";
  return stages.map((stage) => {
    if (stage.kind === "weights") units = isOfFew(layers[stage.layer]) ? "uneven" : "even";
    if (stage.kind === "sum" || stage.kind === "embedding" || stage.kind === "attention") units = "even";
    if (stage.kind === "normalization" && units === "uneven") units = "uneven, of one size";
    if (stage.kind !== "activation" || units === "even" || isHomogeneous(stage.activation)) return stage;
    // Next to no unit of that size is as large as 6.
    if (units === "uneven, of one size" && stage.activation === "relu6") return stage;
    return obstacle(`a convolution of few channels comes before ${activationText(stage.activation)}`);
  });
}

function isOfFew(layer: LayerSketch | undefined): boolean {
  if (layer?.kind !== "convolution" || !layer.groups.known || !layer.inputs.known) return false;
  const { groups, inputs } = layer;
  return groups.value > 1 && inputs.value / groups.value < fewChannels;
}

function stagesOfLayer(layer: LayerSketch, index: number): readonly SignalStage[] {
  switch (layer.kind) {
    case "dense":
    case "convolution": {
      // By its strides an output sees a part of the taps only.
      if (layer.kind === "convolution" && layer.transposed) return [silentOn(layer)];
      if (layer.sharedWith !== undefined) return [obstacle(`${layer.call} has weights that are used before`)];
      const fresh = freshWeights(layer);
      if (!fresh.known) return [obstacle(fresh.reason)];
      const { biasVariance, width } = fresh.value;
      const within = layer.kind === "convolution" ? (shareWithinPadding(layer) ?? 1) : 1;
      const weightVariance = within * fresh.value.weightVariance;
      return [
        { kind: "weights", layer: index, weightVariance, biasVariance, width },
        ...activationStage(layer.activation),
      ];
    }
    case "embedding": {
      if (layer.sharedWith !== undefined) return [obstacle(`${layer.call} has weights that are used before`)];
      const square = freshMeanSquare(layer.kernelInitializer);
      if (!square.known) return [obstacle(square.reason)];
      if (!layer.units.known) return [obstacle(layer.units.reason)];
      return [{ kind: "embedding", layer: index, meanSquare: square.value, width: layer.units.value }];
    }
    case "activation":
      return activationStage(layer.activation, layer.slope);
    case "dropout":
      // What is set to a constant, and the rest to another size, is so to keep what SELU networks have.
      if (/alpha/i.test(layer.call)) return [silentOn(layer)];
      return [layer.rate.known ? { kind: "dropout", kept: 1 - layer.rate.value } : obstacle(layer.rate.reason)];
    case "normalization":
      return [normalizationStage(layer, index)];
    case "pooling":
      return [poolingStage(layer)];
    case "reshape":
      // What is repeated adds up on the way back.
      return /upsampl|interpolate|repeat/i.test(layer.call) ? [silentOn(layer)] : [];
    case "merge":
      // Of a model whose flow is known it is a sum, which stands with its branch.
      return layer.form === "add" ? [] : [silentOn(layer)];
    case "other":
      return layer.call === "inputLayer" ? [] : [silentOn(layer)];
    case "attention":
      return [attentionStage(layer)];
    case "recurrent":
    case "parameter":
      return [silentOn(layer)];
  }
}

/** @param slope the number that tells it apart from others of its family; absent for those of no family, and for a family's usual one */
function activationStage(activation: Known<ActivationName>, slope?: Known<number>): readonly SignalStage[] {
  if (!activation.known) return [obstacle(activation.reason)];
  if (slope?.known === false) return [obstacle(slope.reason)];
  const { value } = activation;
  if (value === "softmax" || value === "logSoftmax") return [softmaxWithin];
  const ofFamily = slope && activationOfFamily(value === "prelu" ? "leakyRelu" : value, slope.value);
  const known = ofFamily ?? activationNamed(value);
  if (known === undefined) return [obstacle(`signal propagation through ${value} is not known here`)];
  return known === "linear" ? [] : [{ kind: "activation", activation: known }];
}

function attentionStage(layer: AttentionLayer): SignalStage {
  const { units, keyInputs, valueInputs, output, dropout, inputShape, batchFirst } = layer;
  const isSelf = units.known && keyInputs.known && valueInputs.known;
  if (!isSelf || keyInputs.value !== units.value || valueInputs.value !== units.value) {
    return obstacle(`${layer.call} has inputs of several widths, or of some that are not known`);
  }
  const width = units.value;
  const varianceOf = ({ kernelInitializer, biasInitializer }: AttentionLayer["output"], all: number) => {
    const kernel = freshMatrix(kernelInitializer, width, all);
    return kernel.known && constantOf(biasInitializer) === 0 ? width * kernel.value : undefined;
  };
  // Queries, keys and values have one matrix.
  const [values, heads] = [varianceOf(layer, 3 * width), varianceOf(output, width)];
  if (values === undefined || heads === undefined) {
    return obstacle(`${layer.call} does not begin with independent weights of a size that is known and no biases`);
  }
  if (!dropout.known) return obstacle(dropout.reason);
  const isOrdered = batchFirst.known && batchFirst.value && inputShape.known && inputShape.value.length === 2;
  return {
    kind: "attention",
    valueVariance: values,
    outputVariance: heads,
    positions: isOrdered ? inputShape.value[0] : undefined,
    kept: 1 - dropout.value,
    width,
  };
}

function normalizationStage(layer: NormalizationLayer, index: number): SignalStage {
  const { form, scale, center, gainInitializer, shiftInitializer, groups, inputs, epsilon } = layer;
  const gain = scale.known && !scale.value ? 1 : constantOf(gainInitializer);
  const shift = center.known && !center.value ? 0 : constantOf(shiftInitializer);
  if (gain === undefined || shift !== 0)
    return obstacle(`${layer.call} does not begin with a gain that is known and no shift`);
  if (!inputs.known) return obstacle(inputs.reason);
  const whole = form === "layer" || form === "rms" || (form === "group" && groups.known && groups.value === 1);
  return {
    kind: "normalization",
    layer: index,
    // Few channels over places that are alike are no mean over features.
    over: whole ? "features" : "examples",
    centred: form !== "rms",
    // Where it goes by the precision of the numbers it is next to nothing.
    epsilon: epsilon.known ? epsilon.value : 0,
    gain,
    width: inputs.value,
  };
}

/** Of weights that begin all alike; undefined for others. */
function constantOf({ distribution, gain, mean }: InitializerSketch): number | undefined {
  if (distribution !== "constant" || !gain.known) return undefined;
  return mean.known && mean.value < 0 ? -gain.value : gain.value;
}

function poolingStage({ form, global, size, strides, inputShape, outputShape }: PoolingLayer): SignalStage {
  // Of each example, channels and all.
  const ratio =
    inputShape.known && outputShape.known ? product(inputShape.value) / product(outputShape.value) : undefined;
  const axes = inputShape.known ? inputShape.value.length - 1 : undefined;
  const window = global ? ratio : placesOf(size, axes);
  const isApart = (of: readonly number[], by: readonly number[]) =>
    of.every((extent, axis) => extent <= (by[axis] ?? by[0] ?? 0));
  const apart = global || (size.known && strides.known && isApart(size.value, strides.value));
  return { kind: "pooling", form, window, apart };
}

function placesOf(size: Known<readonly number[]>, axes: number | undefined): number | undefined {
  if (!size.known) return undefined;
  const [one, ...others] = size.value;
  if (others.length > 0 || one === undefined) return product(size.value);
  return axes === undefined ? undefined : one ** axes;
}

function silentOn({ call }: LayerSketch): Obstacle {
  return obstacle(`theory of signals says nothing of ${call}`);
}

function obstacle(reason: string): Obstacle {
  return { kind: "obstacle", reason };
}

function product(extents: readonly number[]): number {
  return extents.reduce((total, extent) => total * extent, 1);
}
