import type { Attributes, NamedTensors, Tensor } from "../engine.ts";
import type { Kernels } from "../trace/kernels.ts";
import { indicesOfLargestInVolume } from "../trace/largestInVolume.ts";
import { returnByIndex } from "../trace/largestInWindow.ts";
import { volumeAxes } from "../trace/volumeGeometry.ts";
import { addedUnderTaps, padForTaps, underTap, type WindowAxis } from "../trace/windowGeometry.ts";
import { conv2DBackpropFilter, conv2DBackpropInput } from "./convolutionKernels.ts";
import { required } from "./required.ts";

type Shape5 = [number, number, number, number, number];

/**
 * Gradient of a convolution of volumes with respect to its filter: for each tap along the depth, that of a convolution of the
 * planes under it.
 */
export function conv3DBackpropFilter(kernels: Kernels, inputs: NamedTensors, attributes: Attributes): Tensor {
  const [x, dy] = [required(inputs, "x"), required(inputs, "dy")];
  const [count, , height, width, channels] = x.shape as Shape5;
  const [, outDepth, outHeight, outWidth, outChannels] = dy.shape as Shape5;
  const [filterDepth, filterHeight, filterWidth] = attributes["filterShape"] as Shape5;
  const axes = volumeAxes(attributes, x.shape, dy.shape, [filterDepth, filterHeight, filterWidth]);
  const folded = foldedAxis(height * width);
  const padded = padForTaps(kernels, foldedPlanes(kernels, x), axes.depth, folded, 0);
  const gradient = kernels.reshape(dy, [count * outDepth, outHeight, outWidth, outChannels]);
  const filterShape = [filterHeight, filterWidth, channels, outChannels];
  const plane = { ...planeAttributes(attributes, axes.planeStrides), filterShape };
  const taps = Array.from({ length: filterDepth }, (_, tap) => {
    const under = underTap(kernels, padded, axes.depth, folded, tap, 0);
    const planes = kernels.reshape(under, [count * outDepth, height, width, channels]);
    return kernels.reshape(conv2DBackpropFilter(kernels, { x: planes, dy: gradient }, plane), [1, ...filterShape]);
  });
  return kernels.concatenate(taps, 0);
}

/** Gradient of a convolution of volumes with respect to its input, likewise. */
export function conv3DBackpropInput(kernels: Kernels, inputs: NamedTensors, attributes: Attributes): Tensor {
  const [dy, filter] = [required(inputs, "dy"), required(inputs, "filter")];
  const inputShape = attributes["inputShape"] as Shape5;
  const [count, , height, width, channels] = inputShape;
  const [, outDepth, outHeight, outWidth, outChannels] = dy.shape as Shape5;
  const [filterDepth, filterHeight, filterWidth] = filter.shape as Shape5;
  const axes = volumeAxes(attributes, inputShape, dy.shape, [filterDepth, filterHeight, filterWidth]);
  const gradient = kernels.reshape(dy, [count * outDepth, outHeight, outWidth, outChannels]);
  const filterShape = [filterHeight, filterWidth, channels, outChannels];
  const plane = planeAttributes(attributes, axes.planeStrides);
  const taps = Array.from({ length: filterDepth }, (_, tap) => {
    const tapFilter = kernels.slice(filter, [tap, 0, 0, 0, 0], [1, ...filterShape]);
    const planes = conv2DBackpropInput(
      kernels,
      { dy: gradient, filter: kernels.reshape(tapFilter, filterShape) },
      { ...plane, inputShape: [count * outDepth, height, width, channels] },
    );
    return { row: tap, column: 0, values: kernels.reshape(planes, [count, outDepth, height * width, channels]) };
  });
  return kernels.reshape(addedUnderTaps(kernels, taps, axes.depth, foldedAxis(height * width)), inputShape);
}

/** Gradient of a max pooling of volumes: each window's dy goes to where its largest element lies, the first of equals. */
export function maxPool3DGrad(kernels: Kernels, inputs: NamedTensors, attributes: Attributes): Tensor {
  const [dy, input, pooled] = [required(inputs, "dy"), required(inputs, "input"), required(inputs, "output")];
  return returnByIndex(kernels, dy, indicesOfLargestInVolume(kernels, input, pooled, attributes, "first"), input.shape);
}

function planeAttributes({ pad }: Attributes, strides: [number, number]): Attributes {
  return { strides, pad, dataFormat: "NHWC", dilations: [1, 1] };
}

/** The planes of volumes as lines: [n, depth, height·width, channels]. */
function foldedPlanes(kernels: Kernels, volumes: Tensor): Tensor {
  const [count, depth, height, width, channels] = volumes.shape as Shape5;
  return kernels.reshape(volumes, [count, depth, height * width, channels]);
}

/** The axis that such lines run along. */
function foldedAxis(extent: number): WindowAxis {
  return { input: extent, output: extent, filter: 1, stride: 1, before: 0 };
}
