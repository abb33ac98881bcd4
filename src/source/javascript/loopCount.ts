/** How often a `for (let i = 0; i < n; i++)` goes round. */
import type { Syntax } from "../interpret/syntax.ts";
import type { Evaluator } from "../interpret/evaluator.ts";
import { untold } from "../interpret/control.ts";
import type { Scope } from "../interpret/scope.ts";
import { numberOf, scalar, type Value } from "../interpret/value.ts";
import type { Known } from "../sketch/known.ts";

interface CountedLoop {
  /** Its variable, where it counts up by one. */
  readonly variable: string | undefined;
  readonly count: Known<number>;
  readonly items: readonly Value[] | undefined;
}

/** Longer lists of rounds than this are not made. */
const mostItems = 256;

/** `scope` has the loop's variable, with its first value. */
export function countOfLoop(evaluator: Evaluator, node: Syntax, scope: Scope): CountedLoop {
  const none: CountedLoop = { variable: undefined, count: untold, items: undefined };
  const test = node.field("condition");
  const condition = test?.type === "expression_statement" ? test.namedChildren[0] : test;
  const operator = condition?.field("operator")?.text;
  const left = condition?.field("left");
  const increment = node.field("increment");
  if (condition?.type !== "binary_expression" || left?.type !== "identifier" || increment === undefined) return none;
  if ((operator !== "<" && operator !== "<=") || !countsUp(increment, left.text)) return none;
  if (node.field("body")?.assigns(left.text) === true) return none;
  const first = numberOf(scope.own(left.text)?.value);
  const last = numberOf(evaluator.evaluate(condition.field("right"), scope));
  if (!first.known) return { ...none, count: first };
  if (!last.known) return { ...none, count: last };
  const rounds = Math.max(0, Math.ceil(last.value - first.value + (operator === "<=" ? 1 : 0)));
  // Where it begins at zero and stops before its limit, the limit's literal is the number of rounds.
  const range = first.value === 0 && operator === "<" && Number.isInteger(last.value) ? last.range : undefined;
  const count: Known<number> = { known: true, value: rounds, basis: last.basis, range };
  const items =
    rounds > mostItems
      ? undefined
      : Array.from({ length: rounds }, (_, index) => scalar(first.value + index, undefined, last.basis));
  return { variable: left.text, count, items };
}

function countsUp(increment: Syntax, variable: string): boolean {
  if (increment.type === "update_expression") {
    return increment.field("argument")?.text === variable && increment.field("operator")?.text === "++";
  }
  if (increment.type !== "augmented_assignment_expression") return false;
  const operator = increment.field("operator")?.text;
  const step = increment.field("right")?.text;
  return operator === "+=" && step === "1" && increment.field("left")?.text === variable;
}
