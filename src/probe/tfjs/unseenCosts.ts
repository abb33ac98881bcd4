import { UsualDuration } from "./usualDuration.ts";

/** Steps in a row at which something is measured, after which it is no longer known how long a step takes without. */
const longestMemory = 128;
/** Of what was timed: a script whose measured steps happen to be its short ones does not measure for nothing. */
const mostTakenBack = 0.5;
/** Weight of the latest step in the running means: noise of single steps must not be charged. */
const learningRate = 1 / 32;
/**
 * Steps after a measurement that are longer by what it leaves behind. Measured on steps of 0.8 ms: the first is longer by a quarter, the
 * second by a tenth, the others by a twentieth; together that is a quarter of what the measurement itself took.
 */
const wake = 16;
/** The same for each of those: what one of them is longer by is less than single steps differ. */
const wakeLearningRate = 1 / 256;

/**
 * What measuring costs beyond what it times itself: garbage, caches gone cold, bookkeeping. It is the time by which steps at which
 * something is measured, less what was timed, and those that come next are longer than those that come later, on average. Where none
 * comes later, it is by how much steps at which something is measured are longer than the others; none where that is not known either.
 */
export class UnseenCosts {
  readonly #plain = new UsualDuration();
  #sincePlain = 0;
  /** Running means of the excess, of steps that are recorded and of those that are not. */
  readonly #excess = { recorded: 0, light: 0 };
  readonly #rested = new UsualDuration();
  #sinceRested = 0;
  #sinceMeasured = wake;
  /** Running mean of the excess of a step in the wake of a measurement. */
  #wakeExcess = 0;
  /** Seconds of wakes, not charged yet. */
  #wakes = 0;

  /** A step at which nothing was measured has taken so many seconds. */
  addPlain(seconds: number): void {
    this.#plain.add(seconds);
    this.#sincePlain = 0;
    if (this.#sinceMeasured++ < wake) {
      const excess = this.#sinceRested++ < longestMemory ? this.#rested.excess(seconds) : undefined;
      this.#wakeExcess += wakeLearningRate * ((excess ?? 0) - this.#wakeExcess);
      this.#wakes += this.#wakeExcess;
    } else {
      this.#rested.add(seconds);
      this.#sinceRested = 0;
    }
  }

  /**
   * Seconds to charge beyond what was timed, for a step at which something was measured and for the wake of the one before.
   *
   * Negative where noise has charged too much before: to charge only what is positive would let a noisy machine use up a budget.
   *
   * @param untimed seconds that it took, less those that were timed as measuring.
   * @param timed seconds that were timed as measuring.
   */
  of(kind: "recorded" | "light", untimed: number, timed: number): number {
    const byRested = this.#sinceRested++ < longestMemory ? this.#rested.excess(untimed) : undefined;
    const byPlain = this.#sincePlain++ < longestMemory ? this.#plain.excess(untimed) : undefined;
    const excess = byRested ?? byPlain;
    // Forgotten by and by, where it is not known any more.
    this.#excess[kind] += learningRate * ((excess ?? 0) - this.#excess[kind]);
    const charge = this.#excess[kind] + this.#wakes;
    this.#sinceMeasured = 0;
    this.#wakes = 0;
    return Math.max(-mostTakenBack * timed, charge);
  }
}
