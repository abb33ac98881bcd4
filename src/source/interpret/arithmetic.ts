/** Arithmetic on values that are known, as both languages have it. */
import type { SourceRange } from "../places.ts";
import { jointBasis } from "../sketch/known.ts";
import { scalar, unknown, type Scalar, type Value } from "./value.ts";

type Plain = Scalar["value"];

const numeric: Readonly<Record<string, (one: number, other: number) => number>> = {
  "+": (one, other) => one + other,
  "-": (one, other) => one - other,
  "*": (one, other) => one * other,
  "/": (one, other) => one / other,
  "**": (one, other) => one ** other,
};

const comparisons: Readonly<Record<string, (one: number, other: number) => boolean>> = {
  "<": (one, other) => one < other,
  ">": (one, other) => one > other,
  "<=": (one, other) => one <= other,
  ">=": (one, other) => one >= other,
};

/** Floor division and the remainder have the sign of the divisor, as in Python. */
export const pythonOperators: typeof numeric = {
  "//": (one, other) => Math.floor(one / other),
  "%": (one, other) => one - other * Math.floor(one / other),
};

/** The remainder has the sign of the dividend, as in JavaScript. */
export const javascriptOperators: typeof numeric = {
  "%": (one, other) => one % other,
  "<<": (one, other) => one << other,
  ">>": (one, other) => one >> other,
};

/**
 * `range` is that of the whole expression. Unknown where either side is, where the operator is not known, or where the result is
 * no finite number.
 */
export function operate(
  operator: string,
  one: Value,
  other: Value,
  range: SourceRange,
  operators: typeof numeric,
): Value {
  if (one.kind === "unknown") return unknown(one.reason, range);
  if (other.kind === "unknown") return unknown(other.reason, range);
  if (one.kind !== "scalar" || other.kind !== "scalar") return unknown("not arithmetic on numbers", range);
  const result = compute(operator, one.value, other.value, operators);
  if (result === undefined) return unknown(`not arithmetic that is followed (${operator})`, range);
  return scalar(result, range, jointBasis([one.basis, other.basis]));
}

function compute(operator: string, one: Plain, other: Plain, operators: typeof numeric): Plain | undefined {
  if (operator === "==" || operator === "===" || operator === "is") return one === other;
  if (operator === "!=" || operator === "!==" || operator === "is not") return one !== other;
  if (operator === "+" && typeof one === "string" && typeof other === "string") return one + other;
  if (typeof one !== "number" || typeof other !== "number") return undefined;
  const compared = Object.hasOwn(comparisons, operator) ? comparisons[operator]?.(one, other) : undefined;
  if (compared !== undefined) return compared;
  const calculated = { ...numeric, ...operators };
  const result = Object.hasOwn(calculated, operator) ? calculated[operator]?.(one, other) : undefined;
  return result !== undefined && Number.isFinite(result) ? result : undefined;
}

const functions: Readonly<Record<string, (numbers: readonly number[]) => number>> = {
  sqrt: ([x = Number.NaN]) => Math.sqrt(x),
  exp: ([x = Number.NaN]) => Math.exp(x),
  log: ([x = Number.NaN, base]) => (base === undefined ? Math.log(x) : Math.log(x) / Math.log(base)),
  log2: ([x = Number.NaN]) => Math.log2(x),
  log10: ([x = Number.NaN]) => Math.log10(x),
  pow: ([x = Number.NaN, y = Number.NaN]) => x ** y,
  abs: ([x = Number.NaN]) => Math.abs(x),
  floor: ([x = Number.NaN]) => Math.floor(x),
  ceil: ([x = Number.NaN]) => Math.ceil(x),
  trunc: ([x = Number.NaN]) => Math.trunc(x),
  max: (numbers) => Math.max(...numbers),
  min: (numbers) => Math.min(...numbers),
  prod: (numbers) => numbers.reduce((product, each) => product * each, 1),
  sum: (numbers) => numbers.reduce((sum, each) => sum + each, 0),
};

/** A function of numbers by its name in `Math` or in Python's `math`; unknown where an argument is, or the function. */
export function calculate(name: string, given: readonly Value[], range: SourceRange): Value {
  const evaluate = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (evaluate === undefined || given.length === 0) return unknown(`${name} is not followed`, range);
  const numbers: number[] = [];
  const bases: Scalar["basis"][] = [];
  for (const each of given) {
    if (each.kind === "unknown") return unknown(each.reason, range);
    if (each.kind !== "scalar" || typeof each.value !== "number") return unknown("not a number", range);
    numbers.push(each.value);
    bases.push(each.basis);
  }
  const result = evaluate(numbers);
  return Number.isFinite(result) ? scalar(result, range, jointBasis(bases)) : unknown("not a finite number", range);
}
