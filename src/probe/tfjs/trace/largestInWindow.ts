import type { Attributes, Tensor } from "../engine.ts";
import type { Kernels } from "./kernels.ts";
import { padForTaps, poolingAxes, spreadOut, underTap, type WindowAxis } from "./windowGeometry.ts";

interface Tap {
  readonly row: number;
  readonly column: number;
  /** 1 where this tap holds its window's largest element, and is the first to, else 0: [n, outHeight, outWidth, channels]. */
  readonly mask: Tensor;
}

/** For every window of a max pooling, which tap holds the largest element; the first of equals, as TensorFlow.js has it. */
function largestTaps(
  kernels: Kernels,
  x: Tensor,
  pooled: Tensor,
  rows: WindowAxis,
  columns: WindowAxis,
): readonly Tap[] {
  const padded = padForTaps(kernels, x, rows, columns, Number.NEGATIVE_INFINITY);
  const [zero, one] = [kernels.fill(pooled.shape, 0), kernels.fill(pooled.shape, 1)];
  let free = one;
  return Array.from({ length: rows.filter * columns.filter }, (_, index) => {
    const [row, column] = [Math.floor(index / columns.filter), index % columns.filter];
    const attained = kernels.compare("Equal", underTap(kernels, padded, rows, columns, row, column), pooled);
    const mask = kernels.select(attained, free, zero);
    free = kernels.subtract(free, mask);
    return { row, column, mask };
  });
}

/**
 * The elements of `values` that lie where each window's largest element of x lies.
 *
 * @param x, values [n, height, width, channels]
 * @param pooled the max pooling of x, [n, outHeight, outWidth, channels], as is the result.
 */
export function pickLargest(
  kernels: Kernels,
  x: Tensor,
  pooled: Tensor,
  values: Tensor,
  attributes: Attributes,
): Tensor {
  const [rows, columns] = poolingAxes(attributes, x.shape, pooled.shape);
  const padded = padForTaps(kernels, values, rows, columns, 0);
  return largestTaps(kernels, x, pooled, rows, columns)
    .map(({ row, column, mask }) => kernels.multiply(mask, underTap(kernels, padded, rows, columns, row, column)))
    .reduce((sum, part) => kernels.add(sum, part));
}

/** Gradient of a max pooling: each window's dy goes to where its largest element lies. Shapes as above. */
export function returnToLargest(
  kernels: Kernels,
  x: Tensor,
  pooled: Tensor,
  dy: Tensor,
  attributes: Attributes,
): Tensor {
  const [rows, columns] = poolingAxes(attributes, x.shape, pooled.shape);
  const [height, width] = [extended(rows), extended(columns)];
  const sum = largestTaps(kernels, x, pooled, rows, columns)
    .map(({ row, column, mask }) => {
      const spread = spreadOut(kernels, kernels.multiply(mask, dy), rows.stride, columns.stride);
      return kernels.pad(spread, [
        [0, 0],
        [row, height - row - rows.output * rows.stride],
        [column, width - column - columns.output * columns.stride],
        [0, 0],
      ]);
    })
    .reduce((total, part) => kernels.add(total, part));
  const [count = 0, , , channels = 0] = x.shape;
  return kernels.slice(sum, [0, rows.before, columns.before, 0], [count, rows.input, columns.input, channels]);
}

/** Length that holds the input with its padding, and each spread-out gradient at each tap. */
function extended(axis: WindowAxis): number {
  return Math.max(axis.before + axis.input, axis.output * axis.stride + axis.filter - 1);
}
