/** Something dear that can be measured. */
export interface DearMeasurable {
  readonly name: string;
  /** What its first measurement is expected to cost, in units of the run's first sharpness. */
  readonly price: number;
  /** Seconds that are saved up for it, however little it took the last time. */
  readonly leastCost?: number;
}

/** Seconds: the least that the unit is taken for, since first measurements compile their code, however small the network. */
const leastUnit = 0.05;
/** Seconds: what costs nothing must not come round endlessly. */
const leastCost = 1e-5;

/**
 * The common purse of dear measurements, and whose turn it is: each comes round at intervals in proportion to the square root of its
 * cost, so that the cheapest is first and the dearest last. For an income that pays Σ c·r, of costs c and rates r, these are the rates
 * at which the latest measurements are least old on average (least Σ 1/r). Nobody waits for ever: who has been measured goes to the back.
 */
export class DearQueue {
  /** Seconds that the run's first sharpness took; undefined before. */
  unit: number | undefined;
  #saved = 0;
  /** The queue's own time, in the units of the intervals. */
  #now = 0;
  /** Those for which enough is saved, all together, and when their turn is. */
  readonly #due = new Map<string, number>();
  /** By name: at what time it was last measured, and what it cost then. */
  readonly #since = new Map<string, number>();
  readonly #costs = new Map<string, number>();

  /**
   * Decides whose turn it is, and gives the seconds that are missing for the first who has to wait; none where enough is saved for all.
   * Where a step is long, enough may be saved for several.
   */
  missing(measurables: readonly DearMeasurable[]): number {
    this.#due.clear();
    const turns = measurables.map(({ name, price, leastCost = 0 }) => {
      if (!this.#since.has(name)) this.#since.set(name, this.#now);
      const cost = Math.max(leastCost, this.#costs.get(name) ?? price * Math.max(leastUnit, this.unit ?? 0));
      return { name, cost, at: (this.#since.get(name) ?? 0) + Math.sqrt(cost) };
    });
    let total = 0;
    for (const { name, cost, at } of turns.toSorted((one, other) => one.at - other.at)) {
      total += cost;
      if (total > this.#saved * (1 + 1e-9)) return total - this.#saved;
      this.#due.set(name, at);
    }
    return 0;
  }

  save(seconds: number): void {
    this.#saved += seconds;
  }

  /** Whether it is that one's turn, and enough has been saved for it. */
  isDue(name: string): boolean {
    return this.#due.has(name);
  }

  /** One of them has taken so many seconds, in its turn or out of it, of which so many are owed. */
  spend(name: string, seconds: number, owed: number): void {
    this.#saved -= owed;
    this.#now = Math.max(this.#now, this.#due.get(name) ?? 0);
    this.#since.set(name, this.#now);
    this.#costs.set(name, Math.max(leastCost, seconds));
  }
}
