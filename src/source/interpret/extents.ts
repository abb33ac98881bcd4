/** Extents of what comes out of layers that slide a window. */
import { derived, unstated, type Known } from "../sketch/known.ts";

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
export function transposedExtent(extent: Known<number>, window: Window, output: Known<number>): Known<number> {
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
