import type { Attributes } from "../engine.ts";
import { windowAxes, type WindowAxis } from "./windowGeometry.ts";

type Extents = readonly [depth: number, height: number, width: number];

/** The spatial axes of a convolution or pooling of volumes [n, depth, height, width, channels], each as `windowAxes` has it. */
export interface VolumeAxes {
  readonly depth: WindowAxis;
  readonly rows: WindowAxis;
  readonly columns: WindowAxis;
  /** [rows, columns] */
  readonly planeStrides: [number, number];
}

/** From the attributes of a kernel, the shapes of its input and output, and the extents of its windows. */
export function volumeAxes(
  { strides, pad }: Attributes,
  input: readonly number[],
  output: readonly number[],
  filter: Extents,
): VolumeAxes {
  const [strideDepth, ...planeStrides] = triple(strides);
  const [inDepth, ...inPlane] = extents(input);
  const [outDepth, ...outPlane] = extents(output);
  const [filterDepth, ...filterPlane] = filter;
  const [depth] = windowAxes({ strides: [strideDepth, 1], pad }, [inDepth, 1], [outDepth, 1], [filterDepth, 1]);
  const [rows, columns] = windowAxes({ strides: planeStrides, pad }, inPlane, outPlane, filterPlane);
  return { depth, rows, columns, planeStrides };
}

/**
 * Whether a kernel of volumes leaves elements out in front, as TensorFlow.js has "same" padding for strides beyond the window;
 * of images it does not. What is composed of kernels of images does not cover that.
 */
export function cropsInFront({ strides, pad }: Attributes, filter: Extents): boolean {
  return pad === "same" && triple(strides).some((stride, axis) => stride > (filter[axis] ?? 1));
}

/** An attribute for depth, height and width, which may be one number for all. */
export function triple(attribute: unknown): [number, number, number] {
  if (Array.isArray(attribute)) return attribute as [number, number, number];
  const extent = Number(attribute);
  return [extent, extent, extent];
}

function extents([, depth = 0, height = 0, width = 0]: readonly number[]): [number, number, number] {
  return [depth, height, width];
}
