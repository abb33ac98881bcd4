/** How large the weights of dense and convolutional layers begin, in the terms of signal propagation. */
import type { InitializerSketch } from "../../source/sketch/initializerSketch.ts";
import { derived, type Known } from "../../source/sketch/known.ts";
import type { ConvolutionLayer, DenseLayer } from "../../source/sketch/layerSketch.ts";

type WeightedLayer = DenseLayer | ConvolutionLayer;

interface FreshWeights {
  /** σ_w²: the variance of a weight times the fan-in. */
  readonly weightVariance: number;
  readonly biasVariance: number;
  readonly fanIn: number;
  /** Units, or channels. */
  readonly width: number;
}

interface Fans {
  readonly in: number;
  readonly out: number;
}

/** Unknown where weights are not independent with mean zero, and where the text does not say how they are drawn. */
export function freshWeights(sketch: WeightedLayer): Known<FreshWeights> {
  const fans = fansOf(sketch);
  if (!fans.known) return fans;
  const weights = meanSquareOf(sketch.kernelInitializer, fans.value);
  const biases = biasesOf(sketch, fans.value);
  return derived([weights, biases, sketch.units], ([square = NaN, biasVariance = NaN, width = NaN]) => ({
    weightVariance: square * fans.value.in,
    biasVariance,
    fanIn: fans.value.in,
    width,
  }));
}

/** E[w²] of a fresh weight of a matrix of so many inputs and units; unknown as above. */
export function freshMatrix(initializer: InitializerSketch, inputs: number, units: number): Known<number> {
  return meanSquareOf(initializer, { in: inputs, out: units });
}

/** E[w²] of fresh weights without a fan, as those of an embedding; unknown as above. */
export function freshMeanSquare(initializer: InitializerSketch): Known<number> {
  return initializer.fan === undefined
    ? meanSquareOf(initializer, { in: NaN, out: NaN })
    : unknown(`${initializer.name} goes by a fan that an embedding does not have`, initializer.range);
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
    case "constant":
      // What is zero is as it would be drawn with no variance.
      return gain.known && gain.value === 0 ? gain : unknown(`weights drawn by ${name} are not independent`, range);
    case "identity":
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

function unknown(reason: string, range: InitializerSketch["range"]): Known<never> {
  return { known: false, reason, range };
}

function product(extents: readonly number[]): number {
  return extents.reduce((total, extent) => total * extent, 1);
}
