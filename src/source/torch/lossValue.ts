/** The value of a loss, and on which loss a step is: that on which a gradient was asked for before it. */
import { builtin } from "../interpret/closure.ts";
import type { Given } from "../interpret/given.ts";
import { unknown, type ObjectValue, type Value } from "../interpret/value.ts";
import type { SourceRange } from "../places.ts";

/** What moves it elsewhere, or to another precision. */
const moving: readonly string[] = ["to", "cpu", "cuda", "float", "double"];

export class LossValue implements ObjectValue {
  readonly kind = "object";
  /** Where the loss stands in the text. */
  readonly loss: SourceRange;
  /** Whether it is divided by something, as by the number of batches whose gradients add up. */
  readonly isShare: boolean;
  readonly #backward: (loss: LossValue, given: Given) => Value;

  constructor(loss: SourceRange, backward: (loss: LossValue, given: Given) => Value, isShare = false) {
    this.loss = loss;
    this.isShare = isShare;
    this.#backward = backward;
  }

  get share(): LossValue {
    return new LossValue(this.loss, this.#backward, true);
  }

  member(name: string, range: SourceRange): Value {
    if (name === "backward") return builtin((given) => this.#backward(this, given));
    return moving.includes(name) ? builtin(() => this) : unknown("the value of a loss", range);
  }

  standsFor(other: ObjectValue): boolean {
    return other instanceof LossValue && isSamePlace(this.loss, other.loss) && this.isShare === other.isShare;
  }
}

/** Gradients that were asked for and not stepped on yet. */
export class AskedGradients {
  #asked: { readonly of: LossValue | undefined; readonly at: SourceRange }[] = [];

  /** `of` is what a gradient was asked of, in the call at a place. */
  add(of: Value | undefined, at: SourceRange): void {
    this.#asked.push({ of: of instanceof LossValue ? of : undefined, at });
  }

  clear(): void {
    this.#asked = [];
  }

  /**
   * The loss that a step now is on; undefined where no gradient was asked for. What several add up to, or are part of, is another.
   *
   * @param addsUp whether gradients of several batches do
   */
  take(addsUp: boolean): SourceRange | "another" | undefined {
    const [first, ...others] = this.#asked;
    this.clear();
    if (first === undefined) return undefined;
    const { of, at } = first;
    if (of === undefined || (of.isShare && !addsUp)) return "another";
    return others.every((each) => isSamePlace(each.at, at) && each.of?.standsFor(of) === true) ? of.loss : "another";
  }
}

function isSamePlace(one: SourceRange | undefined, other: SourceRange | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.start.line === other.start.line && one.start.column === other.start.column;
}
