/** What Python itself provides, as far as it is followed. */
import type { Syntax } from "../interpret/syntax.ts";
import { calculate } from "../interpret/arithmetic.ts";
import { ClassObject, Instance } from "../interpret/classObject.ts";
import { builtin, Closure } from "../interpret/closure.ts";
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
  valueOf,
  type List,
  type Tuple,
  type ObjectValue,
  type Value,
} from "../interpret/value.ts";
import type { SourceRange } from "../places.ts";
import { derived, ofFramework } from "../sketch/known.ts";
import type { PythonEvaluator } from "./pythonEvaluator.ts";
import { isRange, lengthOf, PythonRange } from "./pythonRange.ts";
import { formatted } from "./pythonTexts.ts";

/** Names of what only looks at what it is handed. */
const onlyLook: readonly string[] = [
  "print",
  "len",
  "sum",
  "type",
  "str",
  "repr",
  "id",
  "isinstance",
  "hasattr",
  "logging",
  "logger",
  "wandb",
  "summary",
  "np",
  "numpy",
  "plt",
  "os",
  "sys",
  "time",
  "json",
  "tqdm",
];

export function harmlessCall(callee: Syntax): boolean {
  let root: Syntax | undefined = callee;
  while (root?.type === "attribute") root = root.field("object");
  return root?.type === "identifier" && onlyLook.includes(root.text);
}

type Run = (given: Given, evaluator: PythonEvaluator) => Value;

const numbers: readonly string[] = ["abs", "max", "min", "pow"];

const functions: Readonly<Record<string, Run>> = {
  range: (given) => (given.open === undefined ? new PythonRange(given.positional) : unknown(given.open, given.range)),
  len: ({ positional: [first], range }) => {
    if (first === undefined) return unknown("no value", range);
    if (isRange(first)) {
      const length = lengthOf(first);
      return length.known ? scalar(length.value, undefined, length.basis) : unknown(length.reason, range);
    }
    const items = itemsOf(first);
    if (items !== undefined) return scalar(items.length, undefined);
    return unknown(first.kind === "unknown" ? first.reason : "how many it has is not known", range);
  },
  list: ({ positional: [first], range }) => copied(first, range, listOf),
  tuple: ({ positional: [first], range }) => copied(first, range, tuple),
  reversed: ({ positional: [first], range }) => copied(first, range, (items) => listOf(items.toReversed())),
  sorted: ({ range }) => unknown("an order that is not followed", range),
  enumerate: (given, evaluator) => {
    const { positional, range } = given;
    const [first] = positional;
    const items = first === undefined ? undefined : itemsOf(first);
    const start = numberOf(given.get(1, "start"), ofFramework(0));
    if (items !== undefined) {
      const place = (index: number) => valueOf(derived([start], ([from = 0]) => from + index));
      return listOf(items.map((item, index) => tuple([place(index), item])));
    }
    const data = first === undefined ? undefined : evaluator.library.dataOf(first);
    if (data === undefined) return unknown("items that are not known", range);
    const item = tuple([
      unknown("differs from round to round", range),
      data.item ?? unknown("differs from round to round", range),
    ]);
    return evaluator.library.data({ ...data, item });
  },
  zip: ({ positional, range }) => {
    const lists = positional.map((each) => itemsOf(each));
    if (lists.length === 0 || lists.includes(undefined)) return unknown("items that are not known", range);
    const shortest = Math.min(...lists.map((each) => each?.length ?? 0));
    return listOf(Array.from({ length: shortest }, (_, index) => tuple(lists.map((each) => each?.[index] ?? nothing))));
  },
  dict: ({ positional: [first], named, range }, evaluator) => {
    if (first === undefined) return new Entries(evaluator.reading.memory, named);
    return first instanceof Entries
      ? new Entries(evaluator.reading.memory, [...first.all, ...named])
      : unknown("not followed", range);
  },
  int: ({ positional: [first, base], range }) =>
    base === undefined ? converted(first, range, Math.trunc) : unknown("not followed", range),
  float: ({ positional: [first], range }) => converted(first, range, (number) => number),
  round: ({ positional: [first, digits], range }) =>
    digits === undefined ? converted(first, range, roundedToEven) : unknown("not followed", range),
  sum: ({ positional: [first, ...start], named, range }) => {
    const items = first === undefined ? undefined : itemsOf(first);
    return items === undefined || items.length === 0
      ? unknown("items that are not known", range)
      : calculate("sum", [...items, ...start, ...named.values()], range);
  },
  isinstance: ({ positional: [value, types], range }, evaluator) => {
    const holds = isInstance(evaluator, value, types);
    return holds === undefined ? unknown("depends on what it is", range) : scalar(holds, range);
  },
  setattr: ({ positional }) => setByName(positional),
  hasattr: ({ range }) => unknown("what it has may depend on a version", range),
  getattr: ({ positional: [object, name], range }, evaluator) => {
    if (object === undefined || name?.kind !== "scalar" || typeof name.value !== "string")
      return unknown("not followed", range);
    return memberOf(evaluator, object, name.value, range);
  },
  vars: ({ positional: [object], range }) => {
    if (object instanceof Instance) return object.attributes;
    return object instanceof Entries ? object : unknown("not followed", range);
  },
  print: () => nothing,
};

/** `setattr(object, name, value)`. */
export function setByName([object, name, value]: readonly Value[]): Value {
  if (name?.kind === "scalar" && typeof name.value === "string") {
    if (object?.kind === "object") object.assign?.(name.value, value ?? nothing);
  } else if (object instanceof Entries) object.lose("set by a name that is not known");
  else if (object instanceof Instance) object.loseSettings("set by a name that is not known");
  return nothing;
}

/** A function of Python's own; undefined where it has none of that name. */
export function builtinValue(evaluator: PythonEvaluator, name: string): Value | undefined {
  const run = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (run !== undefined) return builtin((given) => run(given, evaluator));
  if (!numbers.includes(name)) return undefined;
  return builtin((given) => {
    const [first] = given.positional;
    const items =
      given.positional.length === 1 && first !== undefined && name !== "abs" ? itemsOf(first) : given.positional;
    const plain = given.open === undefined && given.named.size === 0 && !(name === "pow" && items?.length !== 2);
    return items === undefined || !plain ? unknown("not followed", given.range) : calculate(name, items, given.range);
  });
}

/** Halves go to the even number, as in Python. */
function roundedToEven(number: number): number {
  const below = Math.floor(number);
  return number - below === 0.5 && below % 2 === 0 ? below : Math.round(number);
}

function copied(from: Value | undefined, range: SourceRange, make: (items: readonly Value[]) => Value): Value {
  if (from === undefined) return make([]);
  const items = itemsOf(from);
  if (items !== undefined) return make(items);
  return from.kind === "object" ? from : unknown("items that are not known", range);
}

function converted(from: Value | undefined, range: SourceRange, round: (number: number) => number): Value {
  if (from?.kind !== "scalar") return unknown(from?.kind === "unknown" ? from.reason : "not a number", range);
  if (from.value === null || from.value === "") return unknown("not a number", range);
  const number = round(Number(from.value));
  const same = number === from.value;
  return Number.isFinite(number)
    ? scalar(number, same ? from.range : range, from.basis)
    : unknown("not a number", range);
}

function isInstance(
  evaluator: PythonEvaluator,
  value: Value | undefined,
  types: Value | undefined,
): boolean | undefined {
  if (value === undefined || types === undefined || value.kind === "unknown") return undefined;
  const each = types.kind === "tuple" ? types.items : [types];
  const answers = each.map((type) => {
    if (type instanceof ClassObject) return value instanceof Instance ? value.of.lineage.includes(type) : false;
    return evaluator.library.isInstance(value, type);
  });
  if (answers.includes(true)) return true;
  return answers.includes(undefined) ? undefined : false;
}

/** The value of `object.name`. */
export function memberOf(evaluator: PythonEvaluator, object: Value, name: string, range: SourceRange): Value {
  switch (object.kind) {
    case "unknown":
      return object;
    case "unbound":
      return unknown("nothing is assigned to it", range);
    case "scalar": {
      const { value } = object;
      if (name === "format" && typeof value === "string") return builtin((given) => formatted(value, given));
      return unknown(`${name} is not followed`, range);
    }
    case "list":
    case "tuple":
      return builtin((given) => listMethod(evaluator, object, name, given));
    case "object":
      if (object instanceof Entries) return entriesMember(object, name, range);
      if (object instanceof Closure) return unknown("a member of a function", range);
      return specialMember(evaluator, object, name) ?? object.member(name, range);
  }
}

/** What every object of Python's has, where its class has none of its own. */
function specialMember(evaluator: PythonEvaluator, object: ObjectValue, name: string): Value | undefined {
  const run = name === "__setattr__" ? functions["setattr"] : name === "__getattr__" ? functions["getattr"] : undefined;
  if (run === undefined || (object instanceof Instance && object.of.find(name).kind !== "unbound")) return undefined;
  return builtin((given) => run(given.withPositional([object, ...given.positional]), evaluator));
}

function entriesMember(entries: Entries, name: string, range: SourceRange): Value {
  const own = entries.get(name, range);
  if (own.kind !== "unbound" && own.kind !== "unknown") return own;
  const open = entries.openness;
  switch (name) {
    case "get":
      return builtin(({ positional: [key, fallback], range: at }) => {
        if (key?.kind !== "scalar") return unknown("a name that is not known", at);
        const found = entries.get(String(key.value), at);
        return found.kind === "unbound" ? (fallback ?? nothing) : found;
      });
    case "items":
    case "values":
    case "keys":
      if (open !== undefined) return builtin((given) => unknown(open, given.range));
      return builtin(() =>
        listOf(
          entries.all.map(([key, value]) => {
            const text = scalar(key, undefined);
            return name === "items" ? tuple([text, value]) : name === "keys" ? text : value;
          }),
        ),
      );
    case "update":
      return builtin((given) => {
        for (const each of given.positional) entries.takeOver(each);
        for (const [key, value] of given.named) entries.assign(key, value);
        if (given.open !== undefined) entries.lose(given.open);
        return nothing;
      });
    case "pop":
    case "popitem":
    case "clear":
    case "setdefault":
      return builtin((given) => {
        entries.lose(`changed by ${name}`);
        return unknown(`${name} is not followed`, given.range);
      });
    default:
      return own.kind === "unknown" ? own : unknown(`${name} is not in it`, range);
  }
}

function listMethod(evaluator: PythonEvaluator, list: List | Tuple, name: string, given: Given): Value {
  const items = itemsOf(list);
  const [first, second] = given.positional;
  if (list.kind === "tuple") return unknown(`${name} is not followed`, given.range);
  const { memory } = evaluator.reading;
  const lost = unknown("items that are not known are put in");
  const write = (after: readonly Value[] | undefined): Value => {
    memory.write(list.content, after === undefined ? lost : tuple(after));
    return nothing;
  };
  switch (name) {
    case "append":
      return write(items === undefined || first === undefined ? undefined : [...items, first]);
    case "extend": {
      const more = first === undefined ? undefined : itemsOf(first);
      return write(items === undefined || more === undefined ? undefined : [...items, ...more]);
    }
    case "insert": {
      const place = numberOf(first);
      if (items === undefined || !place.known || second === undefined) return write(undefined);
      return write(items.toSpliced(place.value, 0, second));
    }
    case "pop": {
      const place = numberOf(first);
      if (items === undefined || (!isNothing(first) && !place.known)) return write(undefined);
      const index = place.known ? place.value : items.length - 1;
      write(items.toSpliced(index, 1));
      return items.at(index) ?? unknown("there is no such item", given.range);
    }
    case "copy":
      return items === undefined ? unknown("items that are not known", given.range) : listOf(items);
    case "reverse":
      return write(items?.toReversed());
    case "index":
    case "count":
      return unknown(`${name} is not followed`, given.range);
    default:
      write(undefined);
      return unknown(`${name} is not followed`, given.range);
  }
}
