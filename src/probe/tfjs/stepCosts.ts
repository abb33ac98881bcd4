import type { Budget, Measurable } from "./budget.ts";

/** Whom the recording of a step is charged to that nothing is measured on. */
const heir: Measurable = { name: "sharpness/batch", price: "sharpness" };

/** What the measurements of one step have cost so far, in seconds. */
export class StepCosts {
  readonly #seconds = new Map<string, { readonly of: Measurable; seconds: number }>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  of({ name }: Measurable): number {
    return this.#seconds.get(name)?.seconds ?? 0;
  }

  /** Seconds that these have caused together, in equal parts. */
  add(causes: readonly Measurable[], seconds: number): void {
    this.#total += seconds;
    const debtors = causes.length === 0 ? [heir] : causes;
    for (const of of debtors) {
      const known = this.#seconds.get(of.name);
      if (known === undefined) this.#seconds.set(of.name, { of, seconds: seconds / debtors.length });
      else known.seconds += seconds / debtors.length;
    }
  }

  /** Charges the budget for all of it, and in proportion for seconds more that belong to it but were not seen by whom they were caused. */
  settle(budget: Budget, unseen: number): void {
    const factor = this.#total > 0 ? 1 + unseen / this.#total : 1;
    for (const { of, seconds } of this.#seconds.values()) budget.spend(of, seconds * factor);
  }
}
