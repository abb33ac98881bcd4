import type { Budget } from "./budget.ts";

interface Named {
  readonly name: string;
}

/** Whom the recording of a step is charged to that nothing is measured on. */
const heir = "sharpness/batch";

/** What the measurements of one step have cost so far, in seconds. */
export class StepCosts {
  readonly #seconds = new Map<string, number>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  of({ name }: Named): number {
    return this.#seconds.get(name) ?? 0;
  }

  /** Seconds that these have caused together, in equal parts. */
  add(causes: readonly Named[], seconds: number): void {
    if (seconds === 0) return;
    this.#total += seconds;
    const names = causes.length === 0 ? [heir] : causes.map(({ name }) => name);
    for (const name of names) this.#seconds.set(name, (this.#seconds.get(name) ?? 0) + seconds / names.length);
  }

  /**
   * Charges the budget for all of it.
   *
   * @param excess seconds that belong to it but were not seen by whom they were caused; negative where too many were counted.
   */
  settle(budget: Budget, excess: number): void {
    for (const [name, seconds] of this.#seconds) budget.spend(name, seconds * (1 + excess / this.#total));
  }
}
