/** `range(…)` of Python. */
import { derived, ofFramework, type Known } from "../sketch/known.ts";
import { numberOf, scalar, type ObjectValue, type Value } from "../interpret/value.ts";

/** Longer ranges are not gone through one by one. */
const mostItems = 256;

export class PythonRange implements ObjectValue {
  readonly kind = "object";
  readonly start: Known<number>;
  readonly stop: Known<number>;
  readonly step: Known<number>;

  constructor(given: readonly Value[]) {
    const [first, second, third] = given;
    this.start = second === undefined ? ofFramework(0) : numberOf(first);
    this.stop = numberOf(second ?? first);
    this.step = numberOf(third, ofFramework(1));
  }

  member(): Value {
    return { kind: "unbound" };
  }

  items(): readonly Value[] | undefined {
    const count = lengthOf(this);
    const { start, step } = this;
    if (!count.known || !start.known || !step.known || count.value > mostItems) return undefined;
    const { basis } = count;
    return Array.from({ length: count.value }, (_, index) =>
      scalar(start.value + index * step.value, undefined, basis),
    );
  }
}

export function isRange(value: Value): value is PythonRange {
  return value instanceof PythonRange;
}

/** How many numbers it has; with the literal of its end where it begins at zero and goes up by one. */
export function lengthOf({ start, stop, step }: PythonRange): Known<number> {
  const plain = start.known && start.basis === "framework" && step.known && step.basis === "framework";
  if (plain && stop.known && Number.isInteger(stop.value) && stop.value >= 0) return stop;
  return derived([start, stop, step], ([from = 0, to = 0, by = 1]) => Math.max(0, Math.ceil((to - from) / by)));
}
