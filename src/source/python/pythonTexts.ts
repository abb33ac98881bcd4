/** Texts that Python puts together of a pattern and values: `"layer_%d" % 3`, `"layer_{}".format(3)`. */
import { joinedText } from "../interpret/joinedText.ts";
import type { Given } from "../interpret/given.ts";
import { scalar, unknown, type Value } from "../interpret/value.ts";
import type { SourceRange } from "../places.ts";

/** `pattern % values`. Unknown where anything but whole numbers and texts is put in, or put in with a width or a precision. */
export function percentFormatted(pattern: string, values: Value, range: SourceRange): Value {
  const given = values.kind === "tuple" ? values.items : [values];
  return filled(pattern, /%(.)/g, range, (place, index) => (place === "d" || place === "s" ? given[index] : undefined));
}

/** `pattern.format(…)`, with the same limits. */
export function formatted(pattern: string, given: Given): Value {
  if (given.open !== undefined) return unknown(given.open, given.range);
  return filled(pattern, /\{(\w*)\}/g, given.range, (place, index) =>
    place === "" ? given.positional[index] : (given.named.get(place) ?? given.positional[Number(place)]),
  );
}

/** `valueAt` gives what is put in a place, by what stands there and its number among all; undefined where that is not followed. */
function filled(
  pattern: string,
  places: RegExp,
  range: SourceRange,
  valueAt: (place: string, index: number) => Value | undefined,
): Value {
  const parts: Value[] = [];
  let end = 0;
  for (const [index, match] of [...pattern.matchAll(places)].entries()) {
    const value = valueAt(match[1] ?? "", index);
    if (value === undefined) return unknown("it is formatted", range);
    parts.push(scalar(pattern.slice(end, match.index), range), value);
    end = match.index + match[0].length;
  }
  const rest = pattern.slice(end);
  // What is left of another form, as `{:.2f}` or `%`, is put in otherwise.
  if (/[{}%]/.test(rest) || parts.some((each) => each.kind === "scalar" && /[{}%]/.test(String(each.value))))
    return unknown("it is formatted", range);
  return joinedText([...parts, scalar(rest, range)], range);
}
