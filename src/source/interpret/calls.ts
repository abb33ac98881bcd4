/** Calls of functions of the script's own, names within them, and values of which it is not known which way they come. */
import type { Completion } from "./control.ts";
import type { Evaluator, Frame } from "./evaluator.ts";
import { deepestCalls, type Caller, type Reading } from "./reading.ts";
import type { Scope } from "./scope.ts";
import type { Syntax } from "./syntax.ts";
import { Cell, join, nothing, unknown, type Value } from "./value.ts";

/** Follows a function of the script's; not where it calls itself. */
export function inCall(reading: Reading, caller: Caller, follow: () => Value): Value {
  const { site, self, range } = caller;
  const again = reading.callers.some((each) => each.site === site && each.self === self);
  if (again || reading.callers.length >= deepestCalls) return unknown("calls too deep to be followed", range);
  reading.follows(site);
  Cell.watch?.sections.add(caller.section);
  reading.callers.push(caller);
  const { loopsOutside } = reading;
  reading.loopsOutside = reading.loops.length;
  try {
    return follow();
  } finally {
    reading.callers.pop();
    reading.loopsOutside = loopsOutside;
  }
}

/** What a function gives, of which the body was followed. */
export function resultOf({ returned }: Frame, completion: Completion): Value {
  const ends = completion !== "returns" && completion !== "fails";
  const all = ends ? [...returned, nothing] : returned;
  return all.length === 0 ? nothing : all.reduce((one, other) => join(one, other));
}

/** The value of a name; undefined where it is none of the script's. */
export function valueOfName(evaluator: Evaluator, node: Syntax, scope: Scope): Value | undefined {
  const found = scope.find(node.text);
  if (found === undefined) return undefined;
  const { value } = found.cell;
  if (value.kind === "unbound") return unknown("nothing is assigned to it that is followed", node.range);
  if (found.cell.ambiguous && evaluator.reading.alone && found.scope.function !== scope.function) {
    return unknown("assigned in more than one place", node.range);
  }
  return value;
}

/** One of two values, of which it is not known which. */
export function eitherValue(reading: Reading, one: () => Value, other: () => Value): Value {
  const results: Value[] = [];
  reading.memory.fork([one, other].map((way) => () => results.push(way()) > 0));
  return results.reduce((first, second) => join(first, second));
}
