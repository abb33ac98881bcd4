import type { Attributes, Tensor } from "../engine.ts";
import type { Kernels } from "../trace/kernels.ts";

/** One spatial axis of a two-dimensional convolution, in elements. Undilated: TensorFlow.js trains no dilated ones this way. */
export interface ConvolutionAxis {
  readonly input: number;
  readonly output: number;
  readonly filter: number;
  readonly stride: number;
  /** Zeros that the forward convolution puts before the input. */
  readonly before: number;
}

/**
 * Height and width axes of a convolution, from the attributes of its kernel and the sizes of its tensors.
 *
 * @param input, output [height, width]; the output's is taken as given, so that no rounding mode matters.
 */
export function convolutionAxes(
  attributes: Attributes,
  input: readonly [number, number],
  output: readonly [number, number],
  filter: readonly [number, number],
): [ConvolutionAxis, ConvolutionAxis] {
  const strides = pair(attributes["strides"]);
  const axis = (index: 0 | 1): ConvolutionAxis => {
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
export function inputGradientMargin(axis: ConvolutionAxis): Margin {
  const before = axis.filter - 1 - axis.before;
  return [before, axis.input + axis.filter - 1 - before - axis.output * axis.stride];
}

function pair(attribute: unknown): [number, number] {
  const [rows = 1, columns = rows] = Array.isArray(attribute) ? (attribute as number[]) : [Number(attribute)];
  return [rows, columns];
}

function zerosBefore(pad: unknown, index: 0 | 1, axis: Omit<ConvolutionAxis, "before">): number {
  if (typeof pad === "number") return pad;
  if (pad === "valid") return 0;
  if (pad === "same") {
    const reach = (axis.output - 1) * axis.stride + axis.filter;
    return Math.floor(Math.max(0, reach - axis.input) / 2);
  }
  const explicit = Array.isArray(pad) ? (pad as number[][])[index + 1]?.[0] : undefined;
  if (explicit === undefined) throw new Error(`Unknown padding of a convolution: ${JSON.stringify(pad)}.`);
  return explicit;
}
