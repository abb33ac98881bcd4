import { UsualDuration } from "./usualDuration.ts";

/** Steps in a row at which something is measured, after which it is no longer known how long a step takes without. */
const longestMemory = 128;
/** Of what was timed: a script whose measured steps happen to be its short ones does not measure for nothing. */
const mostTakenBack = 0.5;
/** Weight of the latest step in the running means: noise of single steps must not be charged. */
const learningRate = 1 / 32;

/**
 * What measuring costs beyond what it times itself: garbage, caches gone cold, bookkeeping. It is the time by which steps at which
 * something is measured, less what was timed, are longer than those at which nothing is, on average; none where that is not known.
 */
export class UnseenCosts {
  readonly #plain = new UsualDuration();
  #sincePlain = 0;
  /** Running means of the excess, of steps that are recorded and of those that are not. */
  readonly #excess = { recorded: 0, light: 0 };

  /** A step at which nothing was measured has taken so many seconds. */
  addPlain(seconds: number): void {
    this.#plain.add(seconds);
    this.#sincePlain = 0;
  }

  /**
   * Seconds to charge beyond what was timed, for a step at which something was measured.
   *
   * Negative where noise has charged too much before: to charge only what is positive would let a noisy machine use up a budget.
   *
   * @param untimed seconds that it took, less those that were timed as measuring.
   * @param timed seconds that were timed as measuring.
   */
  of(kind: "recorded" | "light", untimed: number, timed: number): number {
    const excess = this.#sincePlain++ < longestMemory ? this.#plain.excess(untimed) : undefined;
    // Forgotten by and by, where it is not known any more.
    this.#excess[kind] += learningRate * ((excess ?? 0) - this.#excess[kind]);
    return Math.max(-mostTakenBack * timed, this.#excess[kind]);
  }
}
