/** Something that can be measured. */
export interface Measurable {
  readonly name: string;
  /** How much of the income it gets, relative to others that are in debt. */
  readonly share: number;
  /** What its first measurement is expected to cost; without it, the first is taken on credit. */
  readonly price?: Price;
}

/** A price in units of another measurement's first cost, which shows how dear the script's own evaluations are. */
export interface Price {
  readonly of: string;
  readonly times: number;
}

/**
 * When to measure, so that measuring costs a given fraction of wall time.
 *
 * Each measurement is taken on credit, and again as soon as its debt is paid. The fraction of the time that passes is income,
 * divided by shares among those in debt: a cheap measurement is soon out of it and leaves the income to the dear ones, and
 * none is starved. One whose price is known to be high is paid for in advance, lest a run begin with a long wait; the cheapest first. What nobody needs is forgotten, for a long rest must not be followed by a rush.
 */
export class Budget {
  /** Seconds that each measurement has taken and that are not paid for yet. */
  readonly #debts = new Map<string, number>();
  readonly #firstCosts = new Map<string, number>();
  /** Those that have not been taken yet and have a price to pay. */
  readonly #waiting = new Set<string>();
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
    for (const each of measurables) this.#quote(each);
    this.#earn(measurables, time);
    const takesAll = this.#requested || this.#fraction >= 1;
    this.#requested = false;
    if (!takesAll && this.#fraction <= 0) return new Set();
    const due = takesAll ? measurables : measurables.filter((each) => this.#debt(each) <= 0);
    return new Set(due.map(({ name }) => name));
  }

  /** A measurement has taken this many seconds. */
  spend(name: string, seconds: number): void {
    // What has been paid in advance is not given back: the next one is paid for in advance as well.
    const owed = this.#waiting.delete(name) ? 0 : (this.#debts.get(name) ?? 0);
    this.#debts.set(name, owed + seconds);
    if (!this.#firstCosts.has(name)) this.#firstCosts.set(name, seconds);
  }

  #earn(measurables: readonly Measurable[], time: number): void {
    let income = this.#fraction * (time - (this.#lastTime ?? time));
    this.#lastTime = time;
    income -= this.#payAhead(measurables, income * shareOfFirsts);
    // Rounding could divide ever smaller remainders without end.
    while (income > smallestIncome) {
      const inDebt = measurables.filter((each) => Number.isFinite(this.#debt(each)) && this.#debt(each) > 0);
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

  /** Pays towards the cheapest measurement that has not been taken yet, from what is set aside for such; returns what it took. */
  #payAhead(measurables: readonly Measurable[], available: number): number {
    const waiting = measurables.filter((each) => this.#waiting.has(each.name) && this.#debt(each) > 0);
    const next = waiting.toSorted((a, b) => this.#debt(a) - this.#debt(b))[0];
    if (next === undefined) return 0;
    const paid = Math.min(this.#debt(next), available);
    this.#debts.set(next.name, this.#debt(next) - paid);
    return paid;
  }

  /** Puts one that has not been measured yet in debt for its price, as soon as that is known. */
  #quote({ name, price }: Measurable): void {
    const cost = price === undefined ? undefined : this.#firstCosts.get(price.of);
    if (price === undefined || cost === undefined || this.#debts.has(name)) return;
    const expected = cost * price.times;
    if (expected > mostOnCredit) this.#waiting.add(name);
    this.#debts.set(name, expected > mostOnCredit ? expected : 0);
  }

  /** What is left to pay; a price that is not known yet is more than can be paid. */
  #debt({ name, price }: Measurable): number {
    return this.#debts.get(name) ?? (price === undefined ? 0 : Number.POSITIVE_INFINITY);
  }
}

/** Seconds that a first measurement may be expected to take without having been paid for. */
const mostOnCredit = 0.3;
/** Of the income, what goes to a first measurement that waits to be paid: by its own share alone it might wait for the whole run. */
const shareOfFirsts = 0.15;
const smallestIncome = 1e-12;
