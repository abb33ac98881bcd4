/** What JavaScript itself provides, as far as it is followed. */
import type { Syntax } from "../interpret/syntax.ts";
import { calculate } from "../interpret/arithmetic.ts";
import { builtin } from "../interpret/closure.ts";
import { Entries } from "../interpret/entries.ts";
import type { Given } from "../interpret/given.ts";
import {
  isNothing,
  itemsOf,
  listOf,
  nothing,
  numberOf,
  scalar,
  tuple,
  unknown,
  type List,
  type ObjectValue,
  type Tuple,
  type Value,
} from "../interpret/value.ts";
import type { SourceRange } from "../places.ts";
import { ofFramework } from "../sketch/known.ts";
import type { JavaScriptEvaluator } from "./javascriptEvaluator.ts";

/** Names of what only looks at what it is handed. */
const onlyLook: readonly string[] = [
  "console",
  "JSON",
  "String",
  "document",
  "process",
  "Promise",
  "performance",
  "Date",
];

const constants: Readonly<Record<string, number>> = {
  PI: Math.PI,
  E: Math.E,
  SQRT2: Math.SQRT2,
  SQRT1_2: Math.SQRT1_2,
  LN2: Math.LN2,
};

/** Arrays longer than this are data. */
const mostItems = 1024;

export function harmless(callee: Syntax): boolean {
  let root: Syntax | undefined = callee;
  while (root?.type === "member_expression") root = root.field("object");
  return root?.type === "identifier" && onlyLook.includes(root.text);
}

export function globalValue(evaluator: JavaScriptEvaluator, name: string, range: SourceRange): Value {
  switch (name) {
    case "undefined":
      return nothing;
    case "Math":
      return mathematics;
    case "Number":
    case "parseFloat":
      return builtin((given) => toNumber(given));
    case "parseInt":
      return builtin((given) => {
        const radix = numberOf(given.positional[1], ofFramework(10));
        const decimal = radix.known && radix.value === 10;
        return decimal
          ? calculate("trunc", [toNumber(given)], given.range)
          : unknown("not a decimal number", given.range);
      });
    case "Array":
      return arrays(evaluator);
    case "Object":
      return objects;
    default:
      return unknown(`${name} is not defined in this file`, range);
  }
}

function toNumber(given: Given): Value {
  const [first] = given.positional;
  if (first?.kind !== "scalar") return first?.kind === "unknown" ? first : unknown("not a number", given.range);
  const number = typeof first.value === "string" && first.value.trim() === "" ? Number.NaN : Number(first.value);
  return Number.isFinite(number) ? scalar(number, first.range, first.basis) : unknown("not a number", given.range);
}

function named(member: (name: string) => Value, call?: (given: Given) => Value): ObjectValue {
  return { kind: "object", member, ...(call === undefined ? {} : { call }) };
}

const mathematics = named((name) => {
  const constant = Object.hasOwn(constants, name) ? constants[name] : undefined;
  if (constant !== undefined) return scalar(constant, undefined);
  return builtin((given) => {
    if (given.open !== undefined) return unknown(given.open, given.range);
    return name === "random" ? unknown("a random number", given.range) : calculate(name, given.positional, given.range);
  });
});

const objects = named((name) =>
  builtin((given) => {
    const [first] = given.positional;
    if (name === "assign" && first instanceof Entries) return assigned(first, given);
    if (!(first instanceof Entries) || first.openness !== undefined) return unknown("not followed", given.range);
    if (name === "keys") return listOf(first.all.map(([key]) => scalar(key, undefined)));
    if (name === "values") return listOf(first.all.map(([, value]) => value));
    if (name === "entries") return listOf(first.all.map(([key, value]) => tuple([scalar(key, undefined), value])));
    return name === "freeze" ? first : unknown("not followed", given.range);
  }),
);

function assigned(target: Entries, given: Given): Value {
  for (const each of given.positional.slice(1)) target.takeOver(each);
  if (given.open !== undefined) target.lose(given.open);
  return target;
}

function arrays(evaluator: JavaScriptEvaluator): ObjectValue {
  const ofLength = (length: Value | undefined, given: Given): Value => {
    const count = numberOf(length);
    if (!count.known || count.value > mostItems)
      return unknown(count.known ? "a long array" : count.reason, given.range);
    return listOf(Array.from({ length: count.value }, () => nothing));
  };
  return named(
    (name) =>
      builtin((given) => {
        const [source, mapping] = given.positional;
        if (name === "isArray" && source?.kind !== "unknown") return scalar(source?.kind === "list", given.range);
        if (name === "of") return listOf(given.positional);
        if (name !== "from" || source === undefined) return unknown("not followed", given.range);
        const whole = source instanceof Entries ? ofLength(source.get("length"), given) : source;
        if (mapping === undefined || whole.kind === "unknown") return whole;
        return (
          method(evaluator, whole, "map")?.call?.(given.withPositional([mapping])) ??
          unknown("not followed", given.range)
        );
      }),
    (given) => (given.positional.length === 1 ? ofLength(given.positional[0], given) : listOf(given.positional)),
  );
}

/** The value of `object.name`. */
export function memberOf(evaluator: JavaScriptEvaluator, object: Value, name: string, range: SourceRange): Value {
  switch (object.kind) {
    case "object":
      return object.member(name, range);
    case "unknown":
      return object;
    case "list":
    case "tuple": {
      const items = itemsOf(object);
      if (name === "length")
        return items === undefined ? unknown("how many items it has", range) : scalar(items.length, undefined);
      return method(evaluator, object, name) ?? unknown(`${name} is not followed`, range);
    }
    case "scalar":
      if (name === "length" && typeof object.value === "string")
        return scalar(object.value.length, undefined, object.basis);
      return unknown(`${name} is not followed`, range);
    case "unbound":
      return unknown("nothing is assigned to it", range);
  }
}

function method(evaluator: JavaScriptEvaluator, list: Value, name: string): ObjectValue | undefined {
  if (list.kind !== "list" && list.kind !== "tuple") return undefined;
  return builtin((given) => listMethod(evaluator, list, name, given));
}

function listMethod(evaluator: JavaScriptEvaluator, list: List | Tuple, name: string, given: Given): Value {
  const items = itemsOf(list);
  const [first, second] = given.positional;
  const { memory } = evaluator.reading;
  if (name === "push" || name === "unshift") {
    if (list.kind !== "list") return nothing;
    const added = given.open === undefined && items !== undefined ? given.positional : undefined;
    const after =
      added === undefined || items === undefined
        ? unknown("items that are not known are put in")
        : tuple(name === "push" ? [...items, ...added] : [...added, ...items]);
    memory.write(list.content, after);
    return nothing;
  }
  if (items === undefined) {
    if (first?.kind === "object" && first.call !== undefined)
      evaluator.callback(first, [unknown("an item that is not known")], given);
    return unknown("items that are not known", given.range);
  }
  const mapped = () => items.map((item, index) => evaluator.callback(first, [item, scalar(index, undefined)], given));
  switch (name) {
    case "map":
      return listOf(mapped());
    case "forEach":
      mapped();
      return nothing;
    case "flatMap":
    case "flat": {
      const parts = (name === "flat" ? items : mapped()).map((each) =>
        each.kind === "object" ? undefined : (itemsOf(each) ?? undefined),
      );
      return parts.includes(undefined)
        ? unknown("items that are not known", given.range)
        : listOf(parts.flatMap((part) => part ?? []));
    }
    case "reduce":
      return items
        .slice(second === undefined ? 1 : 0)
        .reduce((sum, item) => evaluator.callback(first, [sum, item], given), second ?? items[0] ?? nothing);
    case "concat": {
      const other = first === undefined ? [] : itemsOf(first);
      return other === undefined ? unknown("items that are not known", given.range) : listOf([...items, ...other]);
    }
    case "slice": {
      const [start, end] = [numberOf(first), numberOf(second)];
      if ((!isNothing(first) && !start.known) || (!isNothing(second) && !end.known))
        return unknown("a part that is not known", given.range);
      return listOf(items.slice(start.known ? start.value : 0, end.known ? end.value : undefined));
    }
    case "at": {
      const place = numberOf(first);
      return place.known ? (items.at(place.value) ?? nothing) : unknown("an item that is not known", given.range);
    }
    case "fill":
      return listOf(items.map(() => first ?? nothing));
    case "entries":
      return listOf(items.map((item, index) => tuple([scalar(index, undefined), item])));
    case "keys":
      return listOf(items.map((_, index) => scalar(index, undefined)));
    case "values":
    case "toReversed":
    case "reverse": {
      const result = name === "values" ? [...items] : items.toReversed();
      if (name === "reverse" && list.kind === "list") memory.write(list.content, tuple(result));
      return listOf(result);
    }
    default:
      if (list.kind === "list") memory.write(list.content, unknown(`changed by ${name}`));
      return unknown(`${name} is not followed`, given.range);
  }
}
