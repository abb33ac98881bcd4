import type { Attributes, Tensor } from "../engine.ts";
import type { Kernels } from "./kernels.ts";
import { poolingAxes, type WindowAxis } from "./windowGeometry.ts";

/** Which of a window's equal largest elements a kernel takes. */
export type Ties = "first" | "last";

/**
 * For every window of a max pooling, where in the flat input its largest element lies.
 *
 * @param x flat values of [n, rows.input, columns.input, channels].
 * @param pooled the max pooling of x, flat values of [n, rows.output, columns.output, channels], as is the result.
 */
function placesOfLargest(
  x: ArrayLike<number>,
  pooled: ArrayLike<number>,
  [rows, columns]: readonly [WindowAxis, WindowAxis],
  channels: number,
  ties: Ties,
): Int32Array {
  // What none is equal to, as NaN, is of no matter, but has to have a place.
  const places = new Int32Array(pooled.length);
  const images = pooled.length / (rows.output * columns.output * channels);
  const insideRows = inside(rows, ties);
  const insideColumns = inside(columns, ties);
  let window = 0;
  for (let image = 0; image < images; image++) {
    for (let outRow = 0; outRow < rows.output; outRow++) {
      for (let outColumn = 0; outColumn < columns.output; outColumn++) {
        for (const row of insideRows[outRow] ?? []) {
          for (const column of insideColumns[outColumn] ?? []) {
            const start = ((image * rows.input + row) * columns.input + column) * channels;
            for (let channel = 0; channel < channels; channel++) {
              // Branches on what no processor can foresee would cost twice the time.
              const isLargest = Number(x[start + channel] === pooled[window + channel]);
              const place = places[window + channel] ?? 0;
              places[window + channel] = place + (start + channel - place) * isLargest;
            }
          }
        }
        window += channels;
      }
    }
  }
  return places;
}

/** For each window, the rows (or columns) of it that lie inside the input, the one to be taken of equals last. */
function inside({ stride, before, filter, input, output }: WindowAxis, ties: Ties): number[][] {
  return Array.from({ length: output }, (_, window) => {
    const all = Array.from({ length: filter }, (_tap, tap) => window * stride - before + tap);
    const within = all.filter((place) => place >= 0 && place < input);
    return ties === "last" ? within : within.reverse();
  });
}

/**
 * For every window of a max pooling, where in the flat input its largest element lies: int32, flat.
 *
 * @param x [n, height, width, channels]
 * @param pooled the max pooling of x, [n, outHeight, outWidth, channels]
 */
export function indicesOfLargest(
  kernels: Kernels,
  x: Tensor,
  pooled: Tensor,
  attributes: Attributes,
  ties: Ties = "first",
): Tensor {
  const axes = poolingAxes(attributes, x.shape, pooled.shape);
  return kernels.indices(placesOfLargest(kernels.read(x), kernels.read(pooled), axes, x.shape.at(-1) ?? 1, ties));
}

/** Elements of `values` by their flat indices, in the shape given. */
export function pickByIndex(kernels: Kernels, values: Tensor, indices: Tensor, shape: readonly number[]): Tensor {
  const flat = kernels.reshape(values, [values.size]);
  return kernels.reshape(kernels.run("GatherV2", { x: flat, indices }, { axis: 0, batchDims: 0 }), shape);
}

/** Adds each element of `values` to where its flat index says, in a tensor of the shape given that is zero elsewhere. */
export function returnByIndex(kernels: Kernels, values: Tensor, indices: Tensor, shape: readonly number[]): Tensor {
  const size = shape.reduce((product, extent) => product * extent, 1);
  const updates = kernels.reshape(values, [values.size]);
  const places = kernels.reshape(indices, [values.size, 1]);
  return kernels.reshape(kernels.run("ScatterNd", { indices: places, updates }, { shape: [size] }), shape);
}

/** Gradient of a max pooling: each window's dy goes to where its largest element lies, the first of equals. Shapes as above. */
export function returnToLargest(
  kernels: Kernels,
  x: Tensor,
  pooled: Tensor,
  dy: Tensor,
  attributes: Attributes,
): Tensor {
  return returnByIndex(kernels, dy, indicesOfLargest(kernels, x, pooled, attributes), x.shape);
}
