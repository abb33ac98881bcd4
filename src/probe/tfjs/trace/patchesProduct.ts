import type { Attributes, Tensor } from "../engine.ts";
import type { Kernels } from "./kernels.ts";
import { padForTaps, underTap, windowAxes } from "./windowGeometry.ts";

/** A kernel of the probe's own: see `wasm/patches.ts`. Only the WebAssembly backend has it. */
export const patchesKernel = "OrreryPatches";

/** Whether a product with patches is faster than the backend's own gradient of a convolution. */
export function patchesPay(kernels: Kernels, { dataFormat }: Attributes): boolean {
  const channelsFirst = typeof dataFormat === "string" && dataFormat.toUpperCase() === "NCHW";
  // Plain JavaScript looks every element up by its coordinates.
  return !channelsFirst && (kernels.isComposed(patchesKernel) || kernels.backendName === "cpu");
}

/**
 * What each tap of a convolution's filter sees, position by position, zeros in the padding: [filterHeight·filterWidth·channels,
 * n·outHeight·outWidth] of images [n, height, width, channels].
 *
 * @param attributes Those of the convolution, with `filterShape`.
 * @param outputShape [n, outHeight, outWidth, outChannels].
 */
export function patchesOf(kernels: Kernels, x: Tensor, attributes: Attributes, outputShape: readonly number[]): Tensor {
  if (kernels.isComposed(patchesKernel)) return kernels.run(patchesKernel, { x }, { ...attributes, outputShape });
  const [filterHeight = 1, filterWidth = 1] = attributes["filterShape"] as number[];
  const [, height = 0, width = 0, channels = 0] = x.shape;
  const [count = 0, outHeight = 0, outWidth = 0] = outputShape;
  const [rows, columns] = windowAxes(attributes, [height, width], [outHeight, outWidth], [filterHeight, filterWidth]);
  const padded = padForTaps(kernels, x, rows, columns, 0);
  const positions = count * outHeight * outWidth;
  const taps = Array.from({ length: filterHeight * filterWidth }, (_, tap) => {
    const under = underTap(kernels, padded, rows, columns, Math.floor(tap / filterWidth), tap % filterWidth);
    return kernels.transpose(kernels.reshape(under, [positions, channels]), [1, 0]);
  });
  return kernels.concatenate(taps, 0);
}

/** Gradient of a convolution with respect to its filter, from what each tap saw and the output's gradient. */
export function patchesProduct(kernels: Kernels, seen: Tensor, dy: Tensor, filterShape: readonly number[]): Tensor {
  const [taps = 0, positions = 0] = seen.shape;
  const channels = dy.shape.at(-1) ?? 1;
  const product = kernels.matMul(
    kernels.reshape(seen, [1, taps, positions]),
    kernels.reshape(dy, [1, positions, channels]),
  );
  return kernels.reshape(product, filterShape);
}
