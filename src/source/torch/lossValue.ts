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
  readonly #backward: (loss: LossValue, given: Given) => Value;

  constructor(loss: SourceRange, backward: (loss: LossValue, given: Given) => Value) {
    this.loss = loss;
    this.#backward = backward;
  }

  member(name: string, range: SourceRange): Value {
    if (name === "backward") return builtin((given) => this.#backward(this, given));
    return moving.includes(name) ? builtin(() => this) : unknown("the value of a loss", range);
  }

  standsFor(other: ObjectValue): boolean {
    return other instanceof LossValue && isSamePlace(this.loss, other.loss);
  }
}

/** Gradients that were asked for and not stepped on yet. */
export class AskedGradients {
  #asked: { readonly loss: SourceRange | undefined; readonly at: SourceRange }[] = [];

  /** `of` is what a gradient was asked of, in the call at a place. */
  add(of: Value | undefined, at: SourceRange): void {
    this.#asked.push({ loss: of instanceof LossValue ? of.loss : undefined, at });
  }

  clear(): void {
    this.#asked = [];
  }

  /** The loss that a step now is on; undefined where that is not known. Where several add up, it is none of them. */
  take(): SourceRange | "several" | undefined {
    const [first, ...others] = this.#asked;
    this.clear();
    if (first === undefined) return undefined;
    if (others.some(({ at }) => !isSamePlace(at, first.at))) return "several";
    return others.every(({ loss }) => isSamePlace(loss, first.loss)) ? first.loss : "several";
  }
}

function isSamePlace(one: SourceRange | undefined, other: SourceRange | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.start.line === other.start.line && one.start.column === other.start.column;
}
