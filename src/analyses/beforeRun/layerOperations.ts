/** Floating-point operations of a model's forward pass on one example, a product and its sum being two. */
import { derived, type Known } from "../../source/sketch/known.ts";
import type { LayerSketch, Shape } from "../../source/sketch/layerSketch.ts";
import type { ModelSketch } from "../../source/sketch/modelSketch.ts";
import { exactly, notPredicted, type Prediction } from "./prediction.ts";

/** Gates of a cell, each of which has a product with the input and one with the state. */
const gates = { simple: 1, lstm: 4, gru: 3 } as const;

/**
 * The matrix products and convolutions alone, as hardware vendors count them: two operations for each product. What a layer does
 * number by number (biases, activations, normalization) is left out; it is less than 1 % in all but the smallest layers.
 */
export function forwardOperations(model: ModelSketch): Prediction {
  if (!model.complete.known) return notPredicted(model.complete.reason);
  let sum = 0;
  for (const layer of model.layers) {
    if (!layer.used) continue;
    const operations = operationsOf(layer);
    if (!operations.known) return notPredicted(operations.reason);
    sum += operations.value;
  }
  if (!Number.isFinite(sum)) return notPredicted("the layers' shapes are not all in the text");
  return exactly(sum, "2 for each product of a matrix product or a convolution, forward", [
    "Biases, activations and normalization are left out. A training step takes about three times as many.",
  ]);
}

function operationsOf(layer: LayerSketch): Known<number> {
  switch (layer.kind) {
    case "dense":
      return derived([layer.inputs, sizeOf(layer.outputShape)], ([inputs = NaN, size = NaN]) => twice(inputs, size));
    case "convolution": {
      // Each number that comes out of a convolution, and each that goes into a transposed one, meets the whole kernel.
      const [places, channels] = layer.transposed
        ? [sizeOf(layer.inputShape), layer.units]
        : [sizeOf(layer.outputShape), layer.inputs];
      const taps = derived([layer.kernelSize], ([kernel = []]) => product(kernel));
      return derived([places, channels, taps, layer.groups], ([size = NaN, across = NaN, kernel = NaN, groups = NaN]) =>
        twice(size * kernel, across / groups),
      );
    }
    case "recurrent": {
      const { inputs, units, layers, bidirectional, cell } = layer;
      const times = derived([layer.inputShape], ([shape = []]) => shape[0] ?? NaN);
      const directions = derived([bidirectional], ([both]) => (both === true ? 2 : 1));
      return derived(
        [times, inputs, units, layers, directions],
        ([steps = NaN, from = NaN, width = NaN, depth = NaN, ways = NaN]) => {
          const first = from + width;
          const others = (depth - 1) * (ways * width + width);
          return twice(steps * gates[cell] * ways * width, first + others);
        },
      );
    }
    case "attention": {
      const { batchFirst, range } = layer;
      if (!batchFirst.known || !batchFirst.value)
        return { known: false, reason: "how many positions it has is not in the text", range };
      const times = derived([layer.outputShape], ([shape = []]) => shape.at(-2) ?? NaN);
      return derived(
        [times, layer.units, layer.keyInputs, layer.valueInputs],
        ([length = NaN, width = NaN, keys = NaN, values = NaN]) =>
          twice(length * width, 2 * width + keys + values) + twice(2 * length * length, width),
      );
    }
    case "embedding":
    case "normalization":
    case "activation":
    case "dropout":
    case "pooling":
    case "reshape":
      return { known: true, value: 0, basis: "written", range: undefined };
    case "merge":
      return layer.form === "dot"
        ? { known: false, reason: "how many products a dot of two layers adds up is not read", range: layer.range }
        : { known: true, value: 0, basis: "written", range: undefined };
    case "parameter":
      return {
        known: false,
        reason: "what a tensor of its own is multiplied with is not in the text",
        range: layer.range,
      };
    case "other":
      return layer.weightless
        ? { known: true, value: 0, basis: "written", range: undefined }
        : { known: false, reason: `${layer.call} is not a layer that is known`, range: layer.range };
  }
}

function twice(one: number, other: number): number {
  return 2 * one * other;
}

function sizeOf(shape: Known<Shape>): Known<number> {
  return derived([shape], ([extents = []]) => product(extents));
}

function product(extents: readonly number[]): number {
  return extents.reduce((total, extent) => total * extent, 1);
}
