/** How large the numbers of data are, where the text draws them or states them. */
import type { InitializerSketch } from "../sketch/initializerSketch.ts";
import { derived, unstated, type Known } from "../sketch/known.ts";
import { itemsOf, type Value } from "./value.ts";

/** E[x²] of what is drawn: of normals and uniforms the variance and the squared mean, of constants their square. */
export function squareOfDraw({ distribution, gain, fan, mean, range }: InitializerSketch): Known<number> {
  if (fan !== undefined) return unstated("it goes by a fan", range);
  switch (distribution) {
    case "normal":
    case "truncatedNormal":
    case "uniform":
      return derived([gain, mean], ([spread = NaN, middle = NaN]) => spread ** 2 + middle ** 2);
    case "constant":
      return derived([gain], ([size = NaN]) => size ** 2);
    case "orthogonal":
    case "identity":
    case "sparse":
    case "unknown":
      return unstated("its numbers are not alike", range);
  }
}

/** Of a list of numbers, or of lists of such, that is written out. */
export function squareOfLiteral(numbers: Value | undefined): Known<number> {
  const all = numbers === undefined ? undefined : flattened(numbers);
  if (all === undefined || all.length === 0) return unstated("its numbers are not written out");
  return {
    known: true,
    value: all.reduce((sum, each) => sum + each ** 2, 0) / all.length,
    basis: "written",
    range: undefined,
  };
}

function flattened(value: Value): readonly number[] | undefined {
  if (value.kind === "scalar") return typeof value.value === "number" ? [value.value] : undefined;
  const parts = itemsOf(value)?.map(flattened);
  if (parts === undefined) return undefined;
  const known = parts.filter((each) => each !== undefined);
  return known.length === parts.length ? known.flat() : undefined;
}
