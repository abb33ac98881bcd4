import type { Attributes, NamedTensors, Tensor } from "../engine.ts";
import type { Kernels } from "../trace/kernels.ts";
import { padForTaps, windowAxes } from "../trace/windowGeometry.ts";
import type { WasmHeap } from "./heap.ts";
import { required } from "./required.ts";

type Shape4 = [number, number, number, number];

/**
 * What each tap of a convolution's filter sees, position by position, zeros in the padding: [filterHeight·filterWidth·channels,
 * n·outHeight·outWidth] of images [n, height, width, channels]. A product of it with the output's gradient is the filter's.
 *
 * Attributes: those of the convolution, with `filterShape` and `outputShape`.
 */
export function patches(kernels: Kernels, heap: WasmHeap, inputs: NamedTensors, attributes: Attributes): Tensor {
  const x = required(inputs, "x");
  const [count, height, width, channels] = x.shape as Shape4;
  const [filterHeight, filterWidth] = attributes["filterShape"] as Shape4;
  const [, outHeight, outWidth] = attributes["outputShape"] as Shape4;
  const [rows, columns] = windowAxes(attributes, [height, width], [outHeight, outWidth], [filterHeight, filterWidth]);
  const padded = padForTaps(kernels, x, rows, columns, 0);
  const [, paddedHeight, paddedWidth] = padded.shape as Shape4;
  // So that what a tap sees along a row lies together.
  const byChannel = kernels.transpose(padded, [3, 0, 1, 2]);
  const taps = filterHeight * filterWidth * channels;
  const output = heap.output([taps, count * outHeight * outWidth], "float32");
  const [from, to, stride] = [heap.values(byChannel), heap.values(output), columns.stride];
  let target = 0;
  for (let tap = 0; tap < taps; tap++) {
    const channel = tap % channels;
    const column = Math.floor(tap / channels) % filterWidth;
    const row = Math.floor(tap / (channels * filterWidth));
    for (let image = 0; image < count; image++) {
      for (let outRow = 0; outRow < outHeight; outRow++) {
        const line = (channel * count + image) * paddedHeight + outRow * rows.stride + row;
        let source = line * paddedWidth + column;
        for (const end = target + outWidth; target < end; target++) {
          to[target] = from[source] ?? 0;
          source += stride;
        }
      }
    }
  }
  return output;
}
