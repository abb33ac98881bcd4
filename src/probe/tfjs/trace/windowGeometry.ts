import type { Attributes, Tensor } from "../engine.ts";
import type { Kernels } from "./kernels.ts";

/**
 * One spatial axis of a two-dimensional convolution or pooling, in elements. Undilated: TensorFlow.js gives the kernels that the
 * probe composes no dilation.
 */
export interface WindowAxis {
  readonly input: number;
  readonly output: number;
  readonly filter: number;
  readonly stride: number;
  /** Elements of padding before the input. */
  readonly before: number;
}

/**
 * Height and width axes of a convolution or pooling, from the attributes of its kernel and the sizes of its tensors.
 *
 * @param input, output [height, width]; the output's is taken as given, so that no rounding mode matters.
 */
export function windowAxes(
  attributes: Attributes,
  input: readonly [number, number],
  output: readonly [number, number],
  filter: readonly [number, number],
): [WindowAxis, WindowAxis] {
  const strides = pair(attributes["strides"]);
  const axis = (index: 0 | 1): WindowAxis => {
    const geometry = {
      input: input[index],
      output: output[index],
      filter: filter[index],
      stride: strides[index],
    };
    return { ...geometry, before: zerosBefore(attributes["pad"], index, geometry) };
  };
  return [axis(0), axis(1)];
}

/** @throws where the layout is channels first, which the WebAssembly backend does not convolve in. */
export function requireChannelsLast(kernelName: string, attributes: Attributes): void {
  const dataFormat = attributes["dataFormat"];
  if (typeof dataFormat === "string" && dataFormat.toUpperCase() === "NCHW") {
    throw new Error(`${kernelName} on the WebAssembly backend needs the data format NHWC, not NCHW.`);
  }
}

/** Zeros wanted before and after an axis; negative ones are elements to leave out. */
export type Margin = readonly [before: number, after: number];

/**
 * A batch of images with rows and columns left out as the margins say, and the zeros still to be added, as the `pad`
 * attribute of a convolution.
 */
export function cropped(
  kernels: Kernels,
  images: Tensor,
  rows: Margin,
  columns: Margin,
): { images: Tensor; pad: [number, number][] } {
  const margins: Margin[] = [[0, 0], rows, columns, [0, 0]];
  const pad = margins.map(([before, after]): [number, number] => [Math.max(0, before), Math.max(0, after)]);
  if (margins.every(([before, after]) => before >= 0 && after >= 0)) return { images, pad };
  // Zeros first: what is left of the images alone may be empty.
  const padded = kernels.pad(images, pad);
  const begin = margins.map(([before]) => Math.max(0, -before));
  const size = padded.shape.map((extent, axis) => {
    const [before, after] = margins[axis] ?? [0, 0];
    return extent + Math.min(0, before) + Math.min(0, after);
  });
  return { images: kernels.slice(padded, begin, size), pad: margins.map(() => [0, 0]) };
}

/** Images with stride − 1 zeros after each row and each column: [n, h, w, c] becomes [n, h·strideRows, w·strideColumns, c]. */
export function spreadOut(kernels: Kernels, images: Tensor, strideRows: number, strideColumns: number): Tensor {
  if (strideRows === 1 && strideColumns === 1) return images;
  const [count = 0, height = 0, width = 0, channels = 0] = images.shape;
  const rows = kernels.pad(kernels.reshape(images, [count * height, 1, width * channels]), [
    [0, 0],
    [0, strideRows - 1],
    [0, 0],
  ]);
  const columns = kernels.pad(kernels.reshape(rows, [count * height * strideRows * width, 1, channels]), [
    [0, 0],
    [0, strideColumns - 1],
    [0, 0],
  ]);
  return kernels.reshape(columns, [count, height * strideRows, width * strideColumns, channels]);
}

/** Margins around a spread-out output gradient, so that a plain convolution with the flipped filter gives the input's gradient. */
export function inputGradientMargin(axis: WindowAxis): Margin {
  const before = axis.filter - 1 - axis.before;
  return [before, axis.input + axis.filter - 1 - before - axis.output * axis.stride];
}

function pair(attribute: unknown): [number, number] {
  const [rows = 1, columns = rows] = Array.isArray(attribute) ? (attribute as number[]) : [Number(attribute)];
  return [rows, columns];
}

function zerosBefore(pad: unknown, index: 0 | 1, axis: Omit<WindowAxis, "before">): number {
  if (typeof pad === "number") return pad;
  if (pad === "valid") return 0;
  if (pad === "same") {
    const reach = (axis.output - 1) * axis.stride + axis.filter;
    return Math.floor(Math.max(0, reach - axis.input) / 2);
  }
  const explicit = Array.isArray(pad) ? (pad as number[][])[index + 1]?.[0] : undefined;
  if (explicit === undefined) throw new Error(`Unknown padding: ${JSON.stringify(pad)}.`);
  return explicit;
}

/** The geometry of a pooling kernel, from its attributes and the shapes [n, height, width, channels] of its input and output. */
export function poolingAxes(
  attributes: Attributes,
  input: readonly number[],
  output: readonly number[],
): [WindowAxis, WindowAxis] {
  const [, height = 0, width = 0] = input;
  const [, outHeight = 0, outWidth = 0] = output;
  return windowAxes(attributes, [height, width], [outHeight, outWidth], pair(attributes["filterSize"]));
}

/** Padding around an axis that puts every window's every element inside; negative after it where elements are left over. */
function forwardMargin(axis: WindowAxis): Margin {
  return [axis.before, (axis.output - 1) * axis.stride + axis.filter - axis.input - axis.before];
}

/** The element under one tap of every window: [n, outHeight, outWidth, channels] out of the padded images. */
export function underTap(
  kernels: Kernels,
  padded: Tensor,
  rows: WindowAxis,
  columns: WindowAxis,
  row: number,
  column: number,
): Tensor {
  const [count = 0, , , channels = 0] = padded.shape;
  return kernels.run(
    "StridedSlice",
    { x: padded },
    {
      begin: [0, row, column, 0],
      end: [
        count,
        row + (rows.output - 1) * rows.stride + 1,
        column + (columns.output - 1) * columns.stride + 1,
        channels,
      ],
      strides: [1, rows.stride, columns.stride, 1],
      beginMask: 0,
      endMask: 0,
      ellipsisMask: 0,
      newAxisMask: 0,
      shrinkAxisMask: 0,
    },
  );
}

/** Adds what is missing around images that `underTap` slices; what is left over stays. */
export function padForTaps(
  kernels: Kernels,
  images: Tensor,
  rows: WindowAxis,
  columns: WindowAxis,
  padding: number,
): Tensor {
  const margin = (axis: WindowAxis) => forwardMargin(axis).map((extent) => Math.max(0, extent));
  const margins = [[0, 0], margin(rows), margin(columns), [0, 0]];
  if (margins.flat().every((extent) => extent === 0)) return images;
  return kernels.run("PadV2", { x: images }, { paddings: margins, constantValue: padding });
}

/** What lies under one tap of every window: values [n, outHeight, outWidth, channels]. */
export interface TapValues {
  readonly row: number;
  readonly column: number;
  readonly values: Tensor;
}

/** Puts values back to where `underTap` took them from, and adds up what meets: [n, height, width, channels]. */
export function addedUnderTaps(
  kernels: Kernels,
  taps: readonly TapValues[],
  rows: WindowAxis,
  columns: WindowAxis,
): Tensor {
  const [height, width] = [extended(rows), extended(columns)];
  const sum = taps
    .map(({ row, column, values }) =>
      kernels.pad(spreadOut(kernels, values, rows.stride, columns.stride), [
        [0, 0],
        [row, height - row - rows.output * rows.stride],
        [column, width - column - columns.output * columns.stride],
        [0, 0],
      ]),
    )
    .reduce((total, part) => kernels.add(total, part));
  const [count = 0, , , channels = 0] = sum.shape;
  return kernels.slice(sum, [0, rows.before, columns.before, 0], [count, rows.input, columns.input, channels]);
}

/** Length that holds the input with its padding, and each spread-out gradient at each tap. */
function extended(axis: WindowAxis): number {
  return Math.max(axis.before + axis.input, axis.output * axis.stride + axis.filter - 1);
}
