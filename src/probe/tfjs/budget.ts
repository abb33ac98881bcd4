/** Something that can be measured. */
export interface Measurable {
  readonly name: string;
  /** How much of the income it gets, relative to others that are in debt. */
  readonly share: number;
}

/**
 * When to measure, so that measuring costs a given fraction of wall time.
 *
 * Each measurement is taken on credit, and again as soon as its debt is paid. The fraction of the time that passes is income,
 * divided by shares among those in debt: a cheap measurement is soon out of it and leaves the income to the dear ones, and
 * none is starved. What nobody needs is forgotten, for a long rest must not be followed by a rush.
 */
export class Budget {
  /** Seconds that each measurement has taken and that are not paid for yet. */
  readonly #debts = new Map<string, number>();
  #fraction: number;
  #requested = false;
  #lastTime: number | undefined;

  /** `fraction` of wall time, from 0, which never measures, to 1, which always does. */
  constructor(fraction: number) {
    this.#fraction = fraction;
  }

  get fraction(): number {
    return this.#fraction;
  }

  set fraction(fraction: number) {
    this.#fraction = fraction;
  }

  /** Everything is to be measured at the next opportunity, whatever it costs. */
  request(): void {
    this.#requested = true;
  }

  /** Which measurements to take now; `time` in seconds, never decreasing. */
  choose(measurables: readonly Measurable[], time: number): ReadonlySet<string> {
    this.#earn(measurables, time);
    const takesAll = this.#requested || this.#fraction >= 1;
    this.#requested = false;
    if (!takesAll && this.#fraction <= 0) return new Set();
    const due = takesAll ? measurables : measurables.filter((each) => this.#debt(each) <= 0);
    return new Set(due.map(({ name }) => name));
  }

  /** A measurement has taken this many seconds. */
  spend(name: string, seconds: number): void {
    this.#debts.set(name, (this.#debts.get(name) ?? 0) + seconds);
  }

  #earn(measurables: readonly Measurable[], time: number): void {
    let income = this.#fraction * (time - (this.#lastTime ?? time));
    this.#lastTime = time;
    // Rounding could divide ever smaller remainders without end.
    while (income > smallestIncome) {
      const inDebt = measurables.filter((each) => this.#debt(each) > 0);
      if (inDebt.length === 0) return;
      const shares = inDebt.reduce((sum, { share }) => sum + share, 0);
      const perShare = income / shares;
      income = 0;
      for (const each of inDebt) {
        const debt = this.#debt(each);
        const paid = Math.min(debt, perShare * each.share);
        this.#debts.set(each.name, debt - paid);
        income += perShare * each.share - paid;
      }
    }
  }

  #debt({ name }: Measurable): number {
    return this.#debts.get(name) ?? 0;
  }
}

const smallestIncome = 1e-12;
