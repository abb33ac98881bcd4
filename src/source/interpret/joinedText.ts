/** Texts that are put together out of values: `f"conv{i}"`, and the same between back quotes. */
import type { SourceRange } from "../places.ts";
import { jointBasis, type Basis } from "../sketch/known.ts";
import { scalar, unknown, type Value } from "./value.ts";

/** Unknown where a part is, and where a part is a number with a fraction, which the languages write differently. */
export function joinedText(parts: readonly Value[], range: SourceRange): Value {
  const texts: string[] = [];
  const bases: Basis[] = [];
  for (const each of parts) {
    if (each.kind !== "scalar" || !(typeof each.value === "string" || Number.isInteger(each.value)))
      return unknown("a text put together", range);
    texts.push(String(each.value));
    bases.push(each.basis);
  }
  return scalar(texts.join(""), range, jointBasis(bases));
}
