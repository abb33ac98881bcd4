/** A model as a plain stack of dense and convolutional layers, as theory of signal propagation knows them. */
import type { InitializerSketch } from "../../source/sketch/initializerSketch.ts";
import { derived, type Known } from "../../source/sketch/known.ts";
import type { ActivationName, ConvolutionLayer, DenseLayer } from "../../source/sketch/layerSketch.ts";
import type { ModelSketch } from "../../source/sketch/modelSketch.ts";
import { activationNamed } from "../../theory/limits/activationFunctions.ts";
import type { SignalLayer } from "../../theory/limits/signalPropagation.ts";

type WeightedLayer = DenseLayer | ConvolutionLayer;

export interface StackedLayer {
  readonly sketch: WeightedLayer;
  readonly signal: SignalLayer;
  readonly fanIn: number;
  /** Units, or channels. */
  readonly width: number;
}

/** `reason` says why it is none, as the second half of a sentence. */
export type SignalStack =
  | { readonly known: true; readonly layers: readonly StackedLayer[] }
  | { readonly known: false; readonly reason: string };

interface Fans {
  readonly in: number;
  readonly out: number;
}

/** At initialization and while training, so that a dropout of p multiplies mean squares by 1/(1 − p), here with the weights after it. */
export function signalStack(model: ModelSketch): SignalStack {
  for (const asked of [model.complete, model.flow, model.fresh]) {
    if (!asked.known) return { known: false, reason: asked.reason };
  }
  if (model.residuals.length > 0 || (model.flow.known && model.flow.value !== "chain")) {
    return { known: false, reason: "it has skip connections" };
  }
  const layers: StackedLayer[] = [];
  let kept = 1;
  for (const layer of model.layers) {
    if (!layer.used) continue;
    switch (layer.kind) {
      case "dense":
      case "convolution": {
        const stacked = stackedLayer(layer, 1 / kept);
        if (!stacked.known) return stacked;
        layers.push(stacked.value);
        kept = 1;
        break;
      }
      case "activation": {
        const last = layers.pop();
        if (last === undefined)
          return { known: false, reason: "an activation function comes before the first weights" };
        if (last.signal.activation !== "linear")
          return { known: false, reason: "two activation functions follow each other" };
        const activation = signalActivation(layer.activation);
        if (!activation.known) return activation;
        layers.push({ ...last, signal: { ...last.signal, activation: activation.value } });
        break;
      }
      case "dropout":
        if (!layer.rate.known) return layer.rate;
        kept *= 1 - layer.rate.value;
        break;
      case "reshape":
        break;
      case "embedding":
      case "normalization":
      case "recurrent":
      case "attention":
      case "pooling":
      case "merge":
      case "parameter":
      case "other":
        return { known: false, reason: `theory of plain stacks says nothing of ${layer.call}` };
    }
  }
  return layers.length === 0 ? { known: false, reason: "it has no weights" } : { known: true, layers };
}

function stackedLayer(sketch: WeightedLayer, scale: number): Known<StackedLayer> {
  const fans = fansOf(sketch);
  if (!fans.known) return fans;
  const weights = meanSquareOf(sketch.kernelInitializer, fans.value);
  if (!weights.known) return weights;
  const biases = biasesOf(sketch, fans.value);
  if (!biases.known) return biases;
  const activation = signalActivation(sketch.activation);
  if (!activation.known) return activation;
  const { units } = sketch;
  const signal = {
    activation: activation.value,
    weightVariance: weights.value * fans.value.in * scale,
    biasVariance: biases.value,
  };
  return derived([units], ([width = NaN]) => ({ sketch, signal, fanIn: fans.value.in, width }));
}

function fansOf(layer: WeightedLayer): Known<Fans> {
  const kernel =
    layer.kind === "dense" ? [] : [derived([layer.kernelSize], ([size = []]) => product(size)), layer.groups];
  return derived([layer.inputs, layer.units, ...kernel], ([from = NaN, to = NaN, taps = 1, groups = 1]) => ({
    in: (from * taps) / groups,
    out: (to * taps) / groups,
  }));
}

/** E[w²] of a fresh weight; unknown where weights are not independent with mean zero. */
function meanSquareOf(initializer: InitializerSketch, fans: Fans): Known<number> {
  const { name, distribution, gain, fan, mean, range } = initializer;
  if (!mean.known || mean.value !== 0) return unknown(`${name} has no mean of zero that is known`, range);
  switch (distribution) {
    case "normal":
    case "truncatedNormal":
    case "uniform":
      return derived([gain], ([scale = NaN]) => scale ** 2 / over(fan, fans));
    case "orthogonal":
      return derived([gain], ([scale = NaN]) => scale ** 2 / Math.max(fans.in, fans.out));
    case "identity":
    case "constant":
    case "sparse":
    case "unknown":
      return unknown(`weights drawn by ${name} are not independent`, range);
  }
}

function biasesOf({ bias, biasInitializer }: WeightedLayer, fans: Fans): Known<number> {
  if (!bias.known) return bias;
  const { distribution, gain } = biasInitializer;
  if (!bias.value) return { known: true, value: 0, basis: bias.basis, range: bias.range };
  if (distribution === "constant") return derived([gain], ([size = NaN]) => size ** 2);
  return meanSquareOf(biasInitializer, fans);
}

function over(fan: InitializerSketch["fan"], fans: Fans): number {
  switch (fan) {
    case "in":
      return fans.in;
    case "out":
      return fans.out;
    case "average":
      return (fans.in + fans.out) / 2;
    case undefined:
      return 1;
  }
}

/** A softmax at the end turns logits to probabilities, and is the loss's business. */
function signalActivation(activation: Known<ActivationName>): Known<SignalLayer["activation"]> {
  if (!activation.known) return activation;
  const { value, range, basis } = activation;
  const name = value === "softmax" || value === "logSoftmax" ? "linear" : activationNamed(value);
  if (name === undefined) return unknown(`signal propagation through ${value} is not known here`, range);
  return { known: true, value: name, basis, range };
}

function unknown(reason: string, range: InitializerSketch["range"]): Known<never> {
  return { known: false, reason, range };
}

function product(extents: readonly number[]): number {
  return extents.reduce((total, extent) => total * extent, 1);
}
