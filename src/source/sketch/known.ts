/** What the text alone says of a value, and where it says it. */
import type { SourceRange } from "../places.ts";

/**
 * `written`: the text states it. `default`: the text states it for the case that nobody says otherwise, as the default of a
 * command line's argument or of a function's parameter. `framework`: the text is silent, and the framework has a default.
 */
export type Basis = "written" | "default" | "framework";

export interface Stated<T> {
  readonly known: true;
  readonly value: T;
  readonly basis: Basis;
  /**
   * Of the literal that determines it, names followed: the `4 * 64` of `const WIDTH = 4 * 64`, the `0.1` of an argument's
   * `default=0.1`. To put another literal there is to change the value. Absent where nothing in the text states it.
   */
  readonly range: SourceRange | undefined;
}

interface Unstated {
  readonly known: false;
  /** Why it cannot be read off the text, as the second half of a sentence: `assigned in a loop`. */
  readonly reason: string;
  /** Of the expression that could not be read, where there is one. */
  readonly range: SourceRange | undefined;
}

export type Known<T> = Stated<T> | Unstated;

export function written<T>(value: T, range: SourceRange): Stated<T> {
  return { known: true, value, basis: "written", range };
}

/** What the framework takes where the text is silent. */
export function ofFramework<T>(value: T): Stated<T> {
  return { known: true, value, basis: "framework", range: undefined };
}

export function unstated(reason: string, range?: SourceRange): Unstated {
  return { known: false, reason, range };
}

/** The basis of a value that follows from several. */
export function jointBasis(bases: readonly Basis[]): Basis {
  if (bases.includes("default")) return "default";
  return bases.length > 0 && bases.every((basis) => basis === "framework") ? "framework" : "written";
}

/** A value that follows from others; unknown, for the same reason, where one of them is. It has no literal of its own. */
export function derived<T, R>(from: readonly Known<T>[], value: (values: readonly T[]) => R): Known<R> {
  const values: T[] = [];
  const bases: Basis[] = [];
  for (const each of from) {
    if (!each.known) return each;
    values.push(each.value);
    bases.push(each.basis);
  }
  return { known: true, value: value(values), basis: jointBasis(bases), range: undefined };
}
