/**
 * What an expression may stand for when a script is read without being run. Whatever cannot be known is `Unknown`, with the
 * reason, and stays so in all that follows from it.
 */
import type { SourceRange } from "../places.ts";
import type { Basis, Known } from "../sketch/known.ts";
import { unstated } from "../sketch/known.ts";
import type { Given } from "./given.ts";
import type { Watch } from "./watch.ts";

/** A number, a text, a truth value, or nothing at all (`None`, `null`, `undefined`). */
export interface Scalar {
  readonly kind: "scalar";
  readonly value: number | string | boolean | null;
  readonly basis: Basis;
  readonly range: SourceRange | undefined;
}

export interface Unknown {
  readonly kind: "unknown";
  readonly reason: string;
  readonly range: SourceRange | undefined;
  /** Made by a call that is not known: it may hold weights. */
  readonly made: boolean;
}

/** A name before anything is assigned to it. */
export interface Unbound {
  readonly kind: "unbound";
}

/** Values in a row that never change. */
export interface Tuple {
  readonly kind: "tuple";
  readonly items: readonly Value[];
}

/** A list, an array: its cell holds a tuple, or what is unknown of it. */
export interface List {
  readonly kind: "list";
  readonly content: Cell;
}

/** A dictionary, an object, an instance of a class, a namespace of a framework. */
export interface ObjectValue {
  readonly kind: "object";
  /** The value of `object.name`. */
  member(name: string, range: SourceRange): Value;
  /** Absent where it cannot be assigned to. */
  assign?(name: string, value: Value): void;
  /** The value of `object(…)`; absent where it cannot be called. */
  call?(given: Given): Value;
  /** What a loop over it visits; absent, or undefined, where that is not known. */
  items?(): readonly Value[] | undefined;
  /** Whether another value is the same for all that can be read off it. */
  standsFor?(other: ObjectValue): boolean;
  /** Called when it is handed to code that is not known, and may be changed there. */
  escape?(to: string): void;
  /** As `escape`, but also called when training has begun. */
  handedOn?(to: string, range: SourceRange): void;
}

export type Value = Scalar | Unknown | Unbound | Tuple | List | ObjectValue;

/** What may change while a script runs: a variable, an attribute, the content of a list. Written through `Memory` only. */
export class Cell {
  /** Cells are numbered in the order in which they are made. */
  static next = 0;
  /** What is told of each cell that is read, while there is one. */
  static watch: Watch | undefined;
  readonly serial = Cell.next++;
  /** The serial of what it is a member of, which may be older than the member; its own where it is of none. */
  readonly since: number;
  /** That of a variable of the file or a member of its classes. */
  name: string | undefined;
  #value: Value;
  /** Assigned to in more than one place of the text: which of them comes last is known only while the script is followed in order. */
  ambiguous = false;
  #site: number | undefined;

  constructor(value: Value, owner?: Cell) {
    this.#value = value;
    this.since = owner?.since ?? this.serial;
  }

  get value(): Value {
    const { watch } = Cell;
    if (watch !== undefined && this.serial < watch.before) watch.read(this.name);
    return this.#value;
  }

  set value(value: Value) {
    this.#value = value;
  }

  /** Does what is of no account to a watch. */
  static unwatched<T>(run: () => T): T {
    const { watch } = Cell;
    Cell.watch = undefined;
    try {
      return run();
    } finally {
      Cell.watch = watch;
    }
  }

  /** To be called with each place of the text that assigns to it. */
  assignedAt(site: number): void {
    this.#site ??= site;
    if (this.#site !== site) this.ambiguous = true;
  }
}

export const unbound: Unbound = { kind: "unbound" };

export const nothing: Scalar = { kind: "scalar", value: null, basis: "written", range: undefined };

export function scalar(value: Scalar["value"], range: SourceRange | undefined, basis: Basis = "written"): Scalar {
  return { kind: "scalar", value, basis, range };
}

export function unknown(reason: string, range?: SourceRange): Unknown {
  return { kind: "unknown", reason, range, made: false };
}

/** The result of a call that is not known. */
export function madeElsewhere(reason: string, range: SourceRange): Unknown {
  return { kind: "unknown", reason, range, made: true };
}

export function tuple(items: readonly Value[]): Tuple {
  return { kind: "tuple", items };
}

export function listOf(items: readonly Value[]): List {
  return { kind: "list", content: new Cell(tuple(items)) };
}

export function isNothing(value: Value | undefined): boolean {
  return value === undefined || (value.kind === "scalar" && value.value === null);
}

/** The items that a loop over a value visits, in order; undefined where they are not known. */
export function itemsOf(value: Value): readonly Value[] | undefined {
  if (value.kind === "tuple") return value.items;
  if (value.kind === "list") return value.content.value.kind === "tuple" ? value.content.value.items : undefined;
  return value.kind === "object" ? value.items?.() : undefined;
}

/** Whether a condition holds; undefined where that is not known. */
export function truth(value: Value, emptyIsFalse: boolean): boolean | undefined {
  if (value.kind === "scalar") {
    return value.basis === "default" ? undefined : Boolean(value.value);
  }
  if (value.kind === "unknown" || value.kind === "unbound") return undefined;
  const items = value.kind === "object" ? undefined : itemsOf(value);
  if (!emptyIsFalse || value.kind === "object") return true;
  return items === undefined ? undefined : items.length > 0;
}

/** What two ways that a script may have taken leave of a value: itself where they agree, else unknown. */
export function join(one: Value, other: Value, reason = "depends on a condition"): Value {
  if (one === other || other.kind === "unbound") return one;
  if (one.kind === "unbound") return other;
  if (one.kind === "unknown") return one;
  if (other.kind === "unknown") return other;
  if (one.kind === "scalar" && other.kind === "scalar" && one.value === other.value && one.basis === other.basis) {
    return one.range === other.range ? one : { ...one, range: undefined };
  }
  if (one.kind === "tuple" && other.kind === "tuple" && one.items.length === other.items.length) {
    return tuple(one.items.map((item, index) => join(item, other.items[index] ?? unbound, reason)));
  }
  if (one.kind === "object" && other.kind === "object" && one.standsFor?.(other) === true) return one;
  return { ...unknown(reason), made: mayHoldWeights(one) || mayHoldWeights(other) };
}

/** What two ways leave of a member that one of them may not have given at all. */
export function joinMembers(one: Value, other: Value): Value {
  if (one.kind === "unbound" && other.kind !== "unbound") return joinMembers(other, one);
  if (other.kind !== "unbound" || one.kind === "unbound" || one.kind === "unknown") return join(one, other);
  return { ...unknown("depends on a condition"), made: mayHoldWeights(one) };
}

function mayHoldWeights(value: Value): boolean {
  return value.kind === "object";
}

/** What stands for any of the values that a loop visits. */
export function anyOf(items: readonly Value[] | undefined, range: SourceRange): Value {
  const reason = "differs from round to round";
  const [first = unknown(reason, range), ...others] = items ?? [];
  return others.reduce((one, other) => join(one, other, reason), first);
}

/** What is known of a value as a number; `fallback` where it is not given. */
export function numberOf(value: Value | undefined, fallback?: Known<number>): Known<number> {
  return knownAs(
    value,
    (scalarValue) => (typeof scalarValue === "number" ? scalarValue : undefined),
    "number",
    fallback,
  );
}

export function booleanOf(value: Value | undefined, fallback?: Known<boolean>): Known<boolean> {
  const asBoolean = (given: Scalar["value"]) =>
    typeof given === "boolean" ? given : given === 0 ? false : given === 1 ? true : undefined;
  return knownAs(value, asBoolean, "truth value", fallback);
}

export function textOf(value: Value | undefined, fallback?: Known<string>): Known<string> {
  return knownAs(value, (given) => (typeof given === "string" ? given : undefined), "text", fallback);
}

function knownAs<T>(
  value: Value | undefined,
  read: (given: Scalar["value"]) => T | undefined,
  what: string,
  fallback: Known<T> | undefined,
): Known<T> {
  if (value === undefined || isNothing(value)) return fallback ?? unstated("not given");
  if (value.kind === "unknown") return unstated(value.reason, value.range);
  const result = value.kind === "scalar" ? read(value.value) : undefined;
  if (result === undefined || value.kind !== "scalar") return unstated(`not a ${what}`);
  return { known: true, value: result, basis: value.basis, range: value.range };
}

/** A known value, as a value of the script's. */
export function valueOf(known: Known<number | string | boolean>): Value {
  return known.known ? scalar(known.value, known.range, known.basis) : unknown(known.reason, known.range);
}
