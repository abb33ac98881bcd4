/** Seconds after which the rest has to wait. */
const patience = 0.5;

/**
 * Goes through a network's layers by turns: where all of them take longer than half a second, the next measurement goes on with
 * those left out, so that none of a deep network holds training up for long.
 */
export class Turns {
  #next = 0;

  *over<T>(all: readonly T[]): Generator<T> {
    const start = performance.now();
    let taken = 0;
    while (taken++ < all.length && performance.now() - start < 1000 * patience) {
      const each = all[this.#next % all.length];
      this.#next = (this.#next + 1) % all.length;
      if (each !== undefined) yield each;
    }
  }
}
