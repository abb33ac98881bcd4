/** Something dear that can be measured. */
export interface DearMeasurable {
  readonly name: string;
  /** What its first measurement is expected to cost, in units of the run's first sharpness. */
  readonly price: number;
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
  #next: { readonly name: string; readonly at: number; readonly cost: number } | undefined;
  /** By name: at what time it was last measured, and what it cost then. */
  readonly #since = new Map<string, number>();
  readonly #costs = new Map<string, number>();

  /** Decides whose turn it is, and gives the seconds that are missing for it; none where enough is saved or nothing to be measured. */
  missing(measurables: readonly DearMeasurable[]): number {
    this.#next = undefined;
    for (const { name, price } of measurables) {
      if (!this.#since.has(name)) this.#since.set(name, this.#now);
      const cost = this.#costs.get(name) ?? price * Math.max(leastUnit, this.unit ?? 0);
      const at = (this.#since.get(name) ?? 0) + Math.sqrt(cost);
      if (at < (this.#next?.at ?? Infinity)) this.#next = { name, at, cost };
    }
    return this.#next === undefined ? 0 : Math.max(0, this.#next.cost - this.#saved);
  }

  save(seconds: number): void {
    this.#saved += seconds;
  }

  /** Whether it is that one's turn, and enough has been saved for it. */
  isDue(name: string): boolean {
    return name === this.#next?.name && this.#next.cost <= this.#saved * (1 + 1e-9);
  }

  /** One of them has taken so many seconds, in its turn or out of it, of which so many are owed. */
  spend(name: string, seconds: number, owed: number): void {
    this.#saved -= owed;
    if (name === this.#next?.name) this.#now = Math.max(this.#now, this.#next.at);
    this.#since.set(name, this.#now);
    this.#costs.set(name, Math.max(leastCost, seconds));
  }
}
