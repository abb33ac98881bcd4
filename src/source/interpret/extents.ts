/** Extents of what comes out of layers that slide a window. */
import { derived, ofFramework, unstated, type Known } from "../sketch/known.ts";
import type { Dims } from "./flow.ts";

export interface Window {
  readonly kernel: Known<number>;
  readonly stride: Known<number>;
  readonly dilation: Known<number>;
  /** Places added on each side, or a rule of TensorFlow's. */
  readonly padding: Known<number | "valid" | "same">;
}

/** How many places a window of a convolution or a pooling has along one axis. */
export function windowExtent(extent: Known<number>, window: Window): Known<number> {
  const { padding } = window;
  if (!padding.known) return padding;
  const rule = padding.value;
  const known = derived([extent, window.kernel, window.stride, window.dilation], ([n = 0, k = 1, s = 1, d = 1]) =>
    rule === "same" ? Math.ceil(n / s) : Math.floor((n + (rule === "valid" ? 0 : 2 * rule) - d * (k - 1) - 1) / s) + 1,
  );
  return positive(known);
}

/** The extent that a transposed convolution spreads one axis to; `output` are places added at the end. */
function transposedExtent(extent: Known<number>, window: Window, output: Known<number>): Known<number> {
  const { padding } = window;
  if (!padding.known) return padding;
  const rule = padding.value;
  return positive(
    derived([extent, window.kernel, window.stride, window.dilation, output], ([n = 0, k = 1, s = 1, d = 1, o = 0]) => {
      if (rule === "same") return n * s;
      return rule === "valid" ? n * s + Math.max(k - s, 0) : (n - 1) * s - 2 * rule + d * (k - 1) + o + 1;
    }),
  );
}

/** The number itself where it is above zero and whole: no layer has other extents. */
export function positive(extent: Known<number>): Known<number> {
  if (!extent.known || (Number.isInteger(extent.value) && extent.value > 0)) return extent;
  return unstated("the shapes do not fit", extent.range);
}

export function product(extents: readonly Known<number>[]): Known<number> {
  return derived(extents, (values) => values.reduce((one, other) => one * other, 1));
}

/** One number for each axis: the same for all where one is given. */
export function perAxis(known: Known<readonly number[]>, axes: number): Known<number>[] {
  return Array.from({ length: axes }, (_, axis) => {
    if (!known.known) return known;
    const value = known.value.length === 1 ? known.value[0] : known.value[axis];
    return value === undefined ? unstated("not a number for each axis", known.range) : { ...known, value };
  });
}

interface Sliding {
  readonly kernelSize: Known<readonly number[]>;
  readonly strides: Known<readonly number[]>;
  readonly dilation: Known<readonly number[]>;
  readonly transposed: boolean;
  readonly padding: (axis: number) => Window["padding"];
  /** Places added at the end of each axis of what a transposed convolution gives; none where it is not given. */
  readonly extra?: Known<readonly number[]>;
}

/** The extents that a convolution makes of those that its window slides along. */
export function slidExtents(extents: readonly Known<number>[], sliding: Sliding): Known<number>[] {
  const axes = extents.length;
  const [kernels, strides, dilations, extras] = [
    sliding.kernelSize,
    sliding.strides,
    sliding.dilation,
    sliding.extra ?? ofFramework([0]),
  ].map((known) => perAxis(known, axes));
  return extents.map((extent, axis) => {
    const missing = unstated("not a number for each axis");
    const window: Window = {
      kernel: kernels?.[axis] ?? missing,
      stride: strides?.[axis] ?? missing,
      dilation: dilations?.[axis] ?? missing,
      padding: sliding.padding(axis),
    };
    return sliding.transposed
      ? transposedExtent(extent, window, extras?.[axis] ?? missing)
      : windowExtent(extent, window);
  });
}

/** Shapes put together along one axis. */
export function concatenated(all: readonly (Dims | undefined)[], axis: Known<number>): Dims | undefined {
  const [first] = all;
  if (first === undefined || !axis.known) return undefined;
  const place = axis.value < 0 ? first.length + axis.value : axis.value;
  const parts = all.map((each) => each?.[place] ?? unstated("the shape of an input is not known"));
  const sum = derived(parts, (values) => values.reduce((one, other) => one + other, 0));
  return first.map((extent, index) => (index === place ? sum : extent));
}
