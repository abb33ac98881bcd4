import type { SeriesSlice } from "../../run/runRows.ts";
import type { OptimizerFacts } from "../../theory/facts.ts";
import type { ThresholdLine } from "../messages.ts";

interface Threshold {
  readonly observable: string;
  readonly value: number;
  readonly formula: string;
}

/** What theory says of an optimizer that steps with `learningRate`. */
export type ThresholdRule = (optimizer: OptimizerFacts, learningRate: number) => Threshold | undefined;

/**
 * The stability threshold over the steps of a slice of the learning rate, thinned to the buckets at which it changes.
 * Undefined where theory names none, and where it would be a guess which one applies: several optimizers, groups that
 * differ, or an optimizer whose coefficients other than the learning rate were changed during the run.
 */
export function thresholdLine(
  records: readonly OptimizerFacts[],
  learningRate: SeriesSlice,
  rule: ThresholdRule,
): ThresholdLine | undefined {
  const [first] = records;
  const steps = learningRate.steps.length;
  if (first === undefined || steps === 0 || new Set(records.map(coefficients)).size > 1) return undefined;
  if (new Set(first.groups.map((group) => group.learningRate)).size !== 1) return undefined;

  const kept: { step: number; low: number; high: number; last: number }[] = [];
  let named: Threshold | undefined;
  for (let index = 0; index < steps; index += 1) {
    const [low, high, last] = [learningRate.maximum, learningRate.minimum, learningRate.last].map(
      (column) => rule(first, column[index] ?? NaN) ?? { observable: "", value: NaN, formula: "" },
    );
    if (low === undefined || high === undefined || last === undefined) return undefined;
    if (last.observable !== "") named = last;
    kept.push({ step: learningRate.steps[index] ?? NaN, low: low.value, high: high.value, last: last.value });
  }
  if (named === undefined) return undefined;
  const changing = kept.filter((each, index) => !same(kept[index - 1], each) || !same(each, kept[index + 1]));
  return {
    observable: named.observable,
    formula: named.formula,
    line: {
      observable: `threshold/${named.observable}`,
      level: learningRate.level,
      steps: Float64Array.from(changing, (each) => each.step),
      minimum: Float64Array.from(changing, (each) => each.low),
      maximum: Float64Array.from(changing, (each) => each.high),
      last: Float64Array.from(changing, (each) => each.last),
      count: new Float64Array(changing.length).fill(1),
      notFinite: new Float64Array(changing.length),
    },
  };
}

/** Everything of an optimizer on which its threshold depends, but the learning rate. */
function coefficients(optimizer: OptimizerFacts): string {
  const groups = optimizer.groups.map((group) => ({ ...group, learningRate: undefined, parameters: undefined }));
  return JSON.stringify([optimizer.id, optimizer.kind, groups]);
}

type Extent = Readonly<Record<"low" | "high" | "last", number>>;

function same(one: Extent | undefined, other: Extent | undefined): boolean {
  return (
    one !== undefined &&
    other !== undefined &&
    Object.is(one.low, other.low) &&
    Object.is(one.high, other.high) &&
    Object.is(one.last, other.last)
  );
}
