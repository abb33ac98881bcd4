/** Calls of functions of the script's own, names within them, and values of which it is not known which way they come. */
import type { Completion } from "./control.ts";
import { unparsed, type Evaluator, type Frame } from "./evaluator.ts";
import type { Given } from "./given.ts";
import { deepestCalls, type Caller, type Reading } from "./reading.ts";
import type { Scope } from "./scope.ts";
import type { Syntax } from "./syntax.ts";
import { Cell, isNothing, itemsOf, join, madeElsewhere, nothing, unknown, type Value } from "./value.ts";

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

/** What a call gives of a value that may be a function; what is not followed may change all that it is handed. */
export function called(
  evaluator: Evaluator,
  value: Value,
  given: Given,
  callee: { readonly text: string; isHarmless(): boolean; followed(): Value | undefined },
): Value {
  if (value.kind === "object" && value.call !== undefined) return value.call(given);
  const followed = callee.followed();
  if (followed !== undefined) return followed;
  const name = callee.text.slice(0, 40);
  if (!callee.isHarmless()) evaluator.handOver(given, name);
  return madeElsewhere(value.kind === "unknown" ? value.reason : `made by ${name}`, given.range);
}

/** Values that are written one after another, some of them spread out of a node of type `spread`; the reason where they are not known. */
export function valuesOf(
  evaluator: Evaluator,
  nodes: readonly Syntax[],
  scope: Scope,
  spread: string,
): readonly Value[] | string {
  const values: Value[] = [];
  for (const each of nodes) {
    if (each.type === "comment") continue;
    if (each.type === "ERROR") return unparsed;
    if (each.type !== spread) {
      values.push(evaluator.evaluate(each, scope));
      continue;
    }
    const items = itemsOf(evaluator.evaluate(each.namedChildren[0], scope));
    if (items === undefined) return "items that are not known are put in";
    values.push(...items);
  }
  return values;
}

/** Whether two values are equal of which one is nothing; `open` where that is not known, undefined where neither is nothing. */
export function equalToNothing(one: Value, other: Value): boolean | "open" | undefined {
  if (!isNothing(one) && !isNothing(other)) return undefined;
  const compared = isNothing(other) ? one : other;
  return isNothing(compared) ? true : compared.kind === "unknown" ? "open" : false;
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
