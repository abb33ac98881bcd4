/** Which modules a script has put into evaluation mode, in the order in which it is followed. */
import type { Given } from "../interpret/given.ts";
import type { Reading } from "../interpret/reading.ts";
import type { Value } from "../interpret/value.ts";
import type { SourceRange } from "../places.ts";
import { isModule } from "./torchModules.ts";

interface Evaluated {
  readonly range: SourceRange;
  /** What was followed then: in what else is followed it is not known whether that came before. */
  readonly unit: number;
}

export class Modes {
  readonly #reading: Reading;
  readonly #evaluated = new Map<Value, Evaluated>();

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  /** To be called for each `train(…)` and `eval()` of a module. */
  set(module: Value, name: "train" | "eval", { range }: Given): void {
    // What brings a module back brings those within it, and may do so under a condition.
    if (name === "train") this.#evaluated.clear();
    else if (this.#isCertain) this.#evaluated.set(module, { range, unit: this.#reading.unit });
  }

  /**
   * The call that has put a module into evaluation mode, in which it is now; undefined where that is not certain. Loops are followed a first
   * time before what is found in them is kept, so that what one round leaves behind is there in the next.
   */
  of(module: Value | undefined): SourceRange | undefined {
    const found = module === undefined ? undefined : this.#evaluated.get(module);
    const { loops, unit } = this.#reading;
    const isOnce = loops.some(({ count }) => count.known && count.value <= 1);
    if (found?.unit !== unit || isOnce) return undefined;
    return isModule(module) && module.handedOver === undefined ? found.range : undefined;
  }

  /** Whether what is followed is done in every round of all loops. */
  get #isCertain(): boolean {
    const { loops, memory } = this.#reading;
    const uncertainties = [0, ...loops.map(({ uncertainty }) => uncertainty)];
    // A loop that may go round any number of times adds one way of its own.
    const perLoop = uncertainties.every((each, index) => each - (uncertainties[index - 1] ?? 0) <= 1);
    return perLoop && memory.uncertainty === uncertainties.at(-1);
  }
}
