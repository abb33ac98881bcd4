import type { Attributes, NamedTensors, Tensor } from "../engine.ts";
import type { Kernels } from "../trace/kernels.ts";
import { patchesOf, patchesProduct } from "../trace/patchesProduct.ts";
import {
  cropped,
  inputGradientMargin,
  padForTaps,
  requireChannelsLast,
  spreadOut,
  underTap,
  windowAxes,
} from "../trace/windowGeometry.ts";
import { required } from "./required.ts";

type Shape4 = [number, number, number, number];

/** Bytes of patches made at a time. */
const mostPatchBytes = 64 * 1024 * 1024;

/** Gradient of a convolution with respect to its filter: what each tap saw, times the output's gradient. */
export function conv2DBackpropFilter(kernels: Kernels, inputs: NamedTensors, attributes: Attributes): Tensor {
  requireChannelsLast("Conv2DBackpropFilter", attributes);
  const [x, dy] = [required(inputs, "x"), required(inputs, "dy")];
  const [count, height, width, channels] = x.shape as Shape4;
  const [, outHeight, outWidth, outChannels] = dy.shape as Shape4;
  const filterShape = attributes["filterShape"] as Shape4;
  const taps = filterShape[0] * filterShape[1] * channels;
  const together = Math.max(1, Math.floor(mostPatchBytes / (4 * taps * outHeight * outWidth)));
  let gradient: Tensor | undefined;
  for (let first = 0; first < count; first += together) {
    const images = Math.min(together, count - first);
    const part = (tensor: Tensor, shape: readonly number[]) =>
      images === count ? tensor : kernels.slice(tensor, [first, 0, 0, 0], [images, ...shape]);
    const outputShape = [images, outHeight, outWidth, outChannels];
    const seen = patchesOf(kernels, part(x, [height, width, channels]), attributes, outputShape);
    const product = patchesProduct(kernels, seen, part(dy, [outHeight, outWidth, outChannels]), filterShape);
    gradient = gradient === undefined ? product : kernels.add(gradient, product);
  }
  return gradient ?? kernels.fill(filterShape, 0);
}

/** Gradient of a convolution with respect to its input, as a convolution of the spread-out gradient with the flipped filter. */
export function conv2DBackpropInput(kernels: Kernels, inputs: NamedTensors, attributes: Attributes): Tensor {
  const [dy, filter] = [required(inputs, "dy"), required(inputs, "filter")];
  const [, height, width] = attributes["inputShape"] as Shape4;
  const [, outHeight, outWidth] = dy.shape as Shape4;
  const [filterHeight, filterWidth] = filter.shape as Shape4;
  const [rows, columns] = windowAxes(attributes, [height, width], [outHeight, outWidth], [filterHeight, filterWidth]);
  const flipped = kernels.transpose(kernels.run("Reverse", { x: filter }, { dims: [0, 1] }), [0, 1, 3, 2]);
  const { images, pad } = cropped(
    kernels,
    spreadOut(kernels, dy, rows.stride, columns.stride),
    inputGradientMargin(rows),
    inputGradientMargin(columns),
  );
  return kernels.run(
    "Conv2D",
    { x: images, filter: flipped },
    { strides: [1, 1], pad, dataFormat: "NHWC", dilations: [1, 1] },
  );
}

/** Gradient of a depthwise convolution with respect to its input: as above, each channel for itself, multiplier summed. */
export function depthwiseBackpropInput(kernels: Kernels, inputs: NamedTensors, attributes: Attributes): Tensor {
  requireChannelsLast("DepthwiseConv2dNativeBackpropInput", attributes);
  const [dy, filter] = [required(inputs, "dy"), required(inputs, "filter")];
  const [count, height, width, channels] = attributes["inputShape"] as Shape4;
  const [, outHeight, outWidth] = dy.shape as Shape4;
  const [filterHeight, filterWidth, , multiplier] = filter.shape as Shape4;
  const [rows, columns] = windowAxes(attributes, [height, width], [outHeight, outWidth], [filterHeight, filterWidth]);
  const flipped = kernels.run("Reverse", { x: filter }, { dims: [0, 1] });
  const { images, pad } = cropped(
    kernels,
    spreadOut(kernels, dy, rows.stride, columns.stride),
    inputGradientMargin(rows),
    inputGradientMargin(columns),
  );
  const gradient = kernels.run(
    "DepthwiseConv2dNative",
    { x: images, filter: kernels.reshape(flipped, [filterHeight, filterWidth, channels * multiplier, 1]) },
    { strides: [1, 1], pad, dataFormat: "NHWC", dilations: [1, 1] },
  );
  if (multiplier === 1) return gradient;
  const split = kernels.reshape(gradient, [count, height, width, channels, multiplier]);
  return kernels.sum(split, [4], false);
}

/** Gradient of a depthwise convolution with respect to its filter: for each tap, the input under it times the gradient. */
export function depthwiseBackpropFilter(kernels: Kernels, inputs: NamedTensors, attributes: Attributes): Tensor {
  requireChannelsLast("DepthwiseConv2dNativeBackpropFilter", attributes);
  const [x, dy] = [required(inputs, "x"), required(inputs, "dy")];
  const [count, height, width, channels] = x.shape as Shape4;
  const [, outHeight, outWidth] = dy.shape as Shape4;
  const [filterHeight, filterWidth, , multiplier] = attributes["filterShape"] as Shape4;
  const [rows, columns] = windowAxes(attributes, [height, width], [outHeight, outWidth], [filterHeight, filterWidth]);
  const padded = padForTaps(kernels, x, rows, columns, 0);
  const positions = count * outHeight * outWidth;
  const gradient = kernels.reshape(dy, [positions, channels, multiplier]);
  const ones = kernels.fill([1, positions], 1);
  const taps: Tensor[] = [];
  for (let row = 0; row < filterHeight; row++) {
    for (let column = 0; column < filterWidth; column++) {
      const under = underTap(kernels, padded, rows, columns, row, column);
      const products = kernels.multiply(kernels.reshape(under, [positions, channels, 1]), gradient);
      // A product with a row of ones: the backend's own sum over the first axis transposes everything first.
      taps.push(kernels.matMul(ones, kernels.reshape(products, [positions, channels * multiplier])));
    }
  }
  const stacked = kernels.concatenate(taps, 0);
  return kernels.reshape(stacked, [filterHeight, filterWidth, channels, multiplier]);
}
