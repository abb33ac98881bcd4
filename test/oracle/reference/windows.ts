/** Convolutions, poolings and batch normalization on images, scalar by scalar in float64. */
import type { Images, Matrix } from "./networks.ts";
import { at, type Node, type ScalarTape } from "./scalarTape.ts";

type Pixel = readonly Node[];
type Image = readonly (readonly Pixel[])[];

export interface WindowShape {
  /** Side of a square window. */
  readonly side: number;
  readonly stride: number;
  /** Zeros around the image, as many that there are ⌈size/stride⌉ windows, the odd one below and on the right. */
  readonly padded: boolean;
}

/** What a window sees, offset by offset from the top left; undefined beyond the edge. */
type Window = readonly (Pixel | undefined)[];

function overWindows<T>(image: Image, { side, stride, padded }: WindowShape, make: (window: Window) => T): T[][] {
  const starts = (size: number) => {
    const count = padded ? Math.ceil(size / stride) : Math.floor((size - side) / stride) + 1;
    const missing = Math.max(0, (count - 1) * stride + side - size);
    const first = padded ? -Math.floor(missing / 2) : 0;
    return Array.from({ length: count }, (_, index) => first + index * stride);
  };
  return starts(image.length).map((top) =>
    starts(at(image, 0).length).map((left) =>
      make(
        Array.from(
          { length: side ** 2 },
          (_, offset) => image[top + Math.floor(offset / side)]?.[left + (offset % side)],
        ),
      ),
    ),
  );
}

/** @param filter [offset][channel][output] */
export function convolution(
  tape: ScalarTape,
  images: Images,
  filter: readonly Matrix[],
  bias: readonly Node[] | undefined,
  shape: WindowShape,
): Node[][][][] {
  const outputs = at(at(filter, 0), 0).map((_, output) => output);
  return images.map((image) =>
    overWindows(image, shape, (window) =>
      outputs.map((output) => {
        const terms = window.flatMap((pixel, offset) =>
          (pixel ?? []).map((node, channel) => tape.multiply(node, at(at(at(filter, offset), channel), output))),
        );
        return tape.sum(bias === undefined ? terms : [...terms, at(bias, output)]);
      }),
    ),
  );
}

/** @param filter [offset][channel][multiple]; a channel's multiples lie side by side in the result. */
export function depthwiseConvolution(
  tape: ScalarTape,
  images: Images,
  filter: readonly Matrix[],
  bias: readonly Node[],
  shape: WindowShape,
): Node[][][][] {
  return images.map((image) =>
    overWindows(image, shape, (window) =>
      at(filter, 0).flatMap((multiples, channel) =>
        multiples.map((_, multiple) => {
          const terms = window.flatMap((pixel, offset) =>
            pixel === undefined
              ? []
              : [tape.multiply(at(pixel, channel), at(at(at(filter, offset), channel), multiple))],
          );
          return tape.sum([...terms, at(bias, channel * multiples.length + multiple)]);
        }),
      ),
    ),
  );
}

export function maxPooling(tape: ScalarTape, images: Images, shape: WindowShape): Node[][][][] {
  const largest = (nodes: readonly Node[]) =>
    nodes.reduce((best, node) => (tape.value(node) > tape.value(best) ? node : best));
  return pooling(images, shape, largest);
}

export function averagePooling(tape: ScalarTape, images: Images, shape: WindowShape): Node[][][][] {
  return pooling(images, shape, (nodes) => tape.scale(tape.sum(nodes), 1 / nodes.length));
}

function pooling(images: Images, shape: WindowShape, combine: (nodes: readonly Node[]) => Node): Node[][][][] {
  return images.map((image) =>
    overWindows(image, shape, (window) => {
      const inside = window.filter((pixel) => pixel !== undefined);
      return at(inside, 0).map((_, channel) => combine(inside.map((pixel) => at(pixel, channel))));
    }),
  );
}

/** Each channel by its mean and variance over all images and positions, then times gain, plus offset. */
export function batchNormalization(
  tape: ScalarTape,
  images: Images,
  gain: readonly Node[],
  offset: readonly Node[],
  epsilon: number,
): Node[][][][] {
  const pixels = images.flat(2);
  const statistics = gain.map((_, channel) => {
    const own = pixels.map((pixel) => at(pixel, channel));
    const mean = tape.scale(tape.sum(own), 1 / own.length);
    const squares = own.map((node) => tape.multiply(tape.subtract(node, mean), tape.subtract(node, mean)));
    const variance = tape.scale(tape.sum(squares), 1 / own.length);
    const inverse = tape.unary("reciprocal", tape.unary("sqrt", tape.add(variance, tape.constant(epsilon))));
    return { mean, factor: tape.multiply(inverse, at(gain, channel)) };
  });
  return mapPixels(images, (pixel) =>
    pixel.map((node, channel) => {
      const { mean, factor } = at(statistics, channel);
      return tape.add(tape.multiply(tape.subtract(node, mean), factor), at(offset, channel));
    }),
  );
}

export function mapPixels(images: Images, change: (pixel: Pixel) => Node[]): Node[][][][] {
  return images.map((image) => image.map((row) => row.map(change)));
}
