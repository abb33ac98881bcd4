/** Layers that a script computes by hand out of its own weights: `x.matMul(w).add(b)`. */
import type { SourceRange } from "../places.ts";
import { ofFramework, unstated, written, type Known } from "../sketch/known.ts";
import type { Shape } from "../sketch/layerSketch.ts";
import { initialOf, unknownInitializer, type Dims, type Weight } from "./flow.ts";
import { LayerObject, type LayerBehaviour, type LayerOwn } from "./layerObject.ts";
import { windowExtent } from "./extents.ts";
import type { Reading } from "./reading.ts";

const behaviour: LayerBehaviour = { member: () => ({ kind: "unbound" }) };

/** The biases that were found to be added to what hand-made layers give. */
const biases = new WeakMap<LayerObject, Weight>();

function made(
  weight: Weight,
  call: string,
  reading: Reading,
  describe: (input: Dims | undefined, layer: LayerObject) => { own: LayerOwn; output: Dims | undefined },
): LayerObject {
  const known = weight.layer;
  if (known !== undefined) return known;
  const layer: LayerObject = new LayerObject({
    call,
    range: weight.step.range,
    basis: reading.basis,
    weights: new Map(),
    describe: (inputs) => describe(inputs[0], layer),
    behaviour,
  });
  weight.layer = layer;
  layer.altered = weight.untrained;
  return layer;
}

function biasOf(layer: LayerObject, range: SourceRange) {
  const bias = biases.get(layer);
  return {
    bias: bias === undefined ? ofFramework(false) : written(true, bias.step.range),
    biasInitializer: bias === undefined ? unknownInitializer("it has no bias", range) : initialOf(bias.initial),
  };
}

/** A product with a matrix, of shape [in, out], or [out, in] where `transposed`. */
export function denseByHand(
  weight: Weight,
  call: string,
  reading: Reading,
  transposed = false,
): LayerObject | undefined {
  const { dims } = weight;
  if (dims?.length !== 2) return undefined;
  const [rows = unstated(""), columns = unstated("")] = dims;
  const [inputs, units] = transposed ? [columns, rows] : [rows, columns];
  return made(weight, call, reading, (input, layer) => ({
    own: {
      kind: "dense",
      inputs,
      units,
      activation: ofFramework("linear"),
      kernelInitializer: initialOf(weight.initial),
      ...biasOf(layer, weight.step.range),
    },
    output: input === undefined ? undefined : [...input.slice(0, -1), units],
  }));
}

/** A convolution with a kernel of shape [height, width, channels, filters], as TensorFlow.js has it. */
export function convolutionByHand(
  weight: Weight,
  call: string,
  reading: Reading,
  stride: Known<number>,
  padding: Known<"valid" | "same">,
): LayerObject | undefined {
  const { dims } = weight;
  if (dims?.length !== 4) return undefined;
  const [height = unstated(""), width = unstated(""), inputs = unstated(""), units = unstated("")] = dims;
  const sizes =
    height.known && width.known
      ? written([height.value, width.value], weight.step.range)
      : unstated("its shape is not known");
  const both = (known: Known<number>): Known<readonly number[]> =>
    known.known ? { ...known, value: [known.value, known.value] } : known;
  return made(weight, call, reading, (input, layer) => ({
    own: {
      kind: "convolution",
      dimensions: 2,
      transposed: false,
      inputs,
      units,
      kernelSize: sizes,
      strides: both(stride),
      dilation: ofFramework([1, 1]),
      padding,
      padsWithZeros: ofFramework(true),
      groups: ofFramework(1),
      activation: ofFramework("linear"),
      kernelInitializer: initialOf(weight.initial),
      ...biasOf(layer, weight.step.range),
    },
    output:
      input?.length === 4
        ? [
            input[0] ?? unstated("the size of a batch"),
            ...[height, width].map((kernel, axis) =>
              windowExtent(input[axis + 1] ?? kernel, { kernel, stride, dilation: ofFramework(1), padding }),
            ),
            units,
          ]
        : undefined,
  }));
}

/** A table of which rows are looked up. */
export function embeddingByHand(weight: Weight, call: string, reading: Reading): LayerObject | undefined {
  const { dims } = weight;
  if (dims?.length !== 2) return undefined;
  const [inputs = unstated(""), units = unstated("")] = dims;
  return made(weight, call, reading, (input) => ({
    own: { kind: "embedding", inputs, units, kernelInitializer: initialOf(weight.initial) },
    output: input === undefined ? undefined : [...input, units],
  }));
}

/** A weight that is used in a way that no layer is known for. */
export function parameterByHand(weight: Weight, call: string, reading: Reading): LayerObject {
  return made(weight, call, reading, (input) => ({
    own: { kind: "parameter", shape: shapeOfWeight(weight), kernelInitializer: initialOf(weight.initial) },
    output: input,
  }));
}

/** All extents of a weight: it has no batch. */
function shapeOfWeight(weight: Weight): Known<Shape> {
  const extents: number[] = [];
  for (const each of weight.dims ?? [unstated("its shape is not known")]) {
    if (!each.known) return each;
    extents.push(each.value);
  }
  return { known: true, value: extents, basis: "written", range: weight.step.range };
}

/** Whether a weight is what is added to the output of a hand-made layer; it is its bias from then on. */
export function takesBias(layer: LayerObject, bias: Weight): boolean {
  const known = biases.get(layer);
  if (known === bias) return true;
  const { own } = layer.describe([undefined]);
  if (known !== undefined || layer.making.behaviour !== behaviour || bias.dims?.length !== 1) return false;
  if (own.kind !== "dense" && own.kind !== "convolution") return false;
  const [length] = bias.dims;
  if (length?.known !== true || !own.units.known || length.value !== own.units.value) return false;
  biases.set(layer, bias);
  bias.layer = layer;
  layer.altered ??= bias.untrained;
  return true;
}
