import type { Attributes, Tensor } from "../engine.ts";
import type { Kernels } from "./kernels.ts";
import { indicesOfLargest, type Ties } from "./largestInWindow.ts";
import { triple } from "./volumeGeometry.ts";

type Shape5 = [number, number, number, number, number];

/**
 * A max pooling of volumes [n, depth, height, width, channels] as two of images: within each plane, [n·depth, height, width,
 * channels], then, with height and width folded into one axis, along the depth, [n, depth, height·width, channels].
 */
interface Stages {
  readonly images: Tensor;
  readonly inPlane: Attributes;
  /** The images, pooled, as the second stage takes them. */
  readonly planes: Tensor;
  readonly alongDepth: Attributes;
  /** Extents of a pooled plane. */
  readonly plane: readonly [height: number, width: number];
}

function stages(kernels: Kernels, x: Tensor, attributes: Attributes): Stages {
  const { filterSize, strides, pad, dimRoundingMode } = attributes;
  const [count, depth, height, width, channels] = x.shape as Shape5;
  const [filterDepth, ...filterPlane] = triple(filterSize);
  const [strideDepth, ...stridePlane] = triple(strides);
  const images = kernels.reshape(x, [count * depth, height, width, channels]);
  // As a number, it would pad the folded axis too, and TensorFlow.js would take one stride for both axes of a plane.
  const explicit = (...zeros: number[]) => zeros.map((each) => [each, each]);
  const [padOfPlane, padOfDepth] =
    typeof pad === "number" ? [explicit(0, pad, pad, 0), explicit(0, pad, 0, 0)] : [pad, pad];
  const inPlane = { filterSize: filterPlane, strides: stridePlane, pad: padOfPlane, dimRoundingMode };
  const pooled = kernels.run("MaxPool", { x: images }, inPlane);
  const [, outHeight = 0, outWidth = 0] = pooled.shape;
  return {
    images,
    inPlane,
    planes: kernels.reshape(pooled, [count, depth, outHeight * outWidth, channels]),
    alongDepth: { filterSize: [filterDepth, 1], strides: [strideDepth, 1], pad: padOfDepth, dimRoundingMode },
    plane: [outHeight, outWidth],
  };
}

/** Max pooling of volumes: [n, depth, height, width, channels] becomes [n, outDepth, outHeight, outWidth, channels]. */
export function maxPoolVolume(kernels: Kernels, x: Tensor, attributes: Attributes): Tensor {
  const { planes, alongDepth, plane } = stages(kernels, x, attributes);
  const pooled = kernels.run("MaxPool", { x: planes }, alongDepth);
  const [count = 0, outDepth = 0, , channels = 0] = pooled.shape;
  return kernels.reshape(pooled, [count, outDepth, ...plane, channels]);
}

/** For every window of such a pooling, where in the flat input its largest element lies: int32, flat. */
export function indicesOfLargestInVolume(
  kernels: Kernels,
  x: Tensor,
  pooled: Tensor,
  attributes: Attributes,
  ties: Ties,
): Tensor {
  const { images, inPlane, planes, alongDepth, plane } = stages(kernels, x, attributes);
  const [count, outDepth, height, width, channels] = pooled.shape as Shape5;
  const pooledImages = kernels.reshape(planes, [images.shape[0] ?? 0, ...plane, channels]);
  const pooledColumns = kernels.reshape(pooled, [count, outDepth, height * width, channels]);
  const inImages = indicesOfLargest(kernels, images, pooledImages, inPlane, ties);
  const inPlanes = indicesOfLargest(kernels, planes, pooledColumns, alongDepth, ties);
  return kernels.run("GatherV2", { x: inImages, indices: inPlanes }, { axis: 0, batchDims: 0 });
}
