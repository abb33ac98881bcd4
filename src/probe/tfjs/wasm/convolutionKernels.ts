import type { Attributes, NamedTensors, Tensor } from "../engine.ts";
import type { Kernels } from "../trace/kernels.ts";
import {
  cropped,
  forwardMargin,
  inputGradientMargin,
  padForTaps,
  requireChannelsLast,
  spreadOut,
  underTap,
  windowAxes,
} from "../trace/windowGeometry.ts";
import { required } from "./required.ts";

type Shape4 = [number, number, number, number];

/**
 * Gradient of a convolution with respect to its filter, as a convolution: batch and channels change places, the output's
 * gradient is the filter, and the forward stride becomes the dilation.
 */
export function conv2DBackpropFilter(kernels: Kernels, inputs: NamedTensors, attributes: Attributes): Tensor {
  requireChannelsLast("Conv2DBackpropFilter", attributes);
  const [x, dy] = [required(inputs, "x"), required(inputs, "dy")];
  const [, height, width] = x.shape as Shape4;
  const [, outHeight, outWidth] = dy.shape as Shape4;
  const [filterHeight, filterWidth] = attributes["filterShape"] as Shape4;
  const [rows, columns] = windowAxes(attributes, [height, width], [outHeight, outWidth], [filterHeight, filterWidth]);
  const { images, pad } = cropped(
    kernels,
    kernels.transpose(x, [3, 1, 2, 0]),
    forwardMargin(rows),
    forwardMargin(columns),
  );
  const filterGradient = kernels.run(
    "Conv2D",
    { x: images, filter: kernels.transpose(dy, [1, 2, 0, 3]) },
    { strides: [1, 1], pad, dataFormat: "NHWC", dilations: [rows.stride, columns.stride] },
  );
  return kernels.transpose(filterGradient, [1, 2, 0, 3]);
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
  const stacked = kernels.run("Concat", Object.assign([], taps) as unknown as NamedTensors, { axis: 0 });
  return kernels.reshape(stacked, [filterHeight, filterWidth, channels, multiplier]);
}
