/** Times of a run, in seconds. What the probe itself takes is kept apart from what the script takes. */
export class RunClock {
  readonly #start = performance.now();
  #aside = 0;
  #measuring = 0;

  /** Seconds since the run began. */
  get time(): number {
    return (performance.now() - this.#start) / 1000;
  }

  /** Seconds spent on measuring so far. */
  get measuring(): number {
    return this.#measuring;
  }

  /** Seconds that the script has run, without measurements and pauses. */
  get scriptTime(): number {
    return this.time - this.#measuring - this.#aside;
  }

  /** Runs a measurement, or what belongs to one, and counts its time as such; one within another counts once. */
  measure<T>(run: () => T): { readonly result: T; readonly seconds: number } {
    const start = performance.now();
    const before = this.#measuring;
    const seconds = () => (performance.now() - start) / 1000;
    let result: T;
    try {
      result = run();
    } finally {
      this.#measuring = before + seconds();
    }
    return { result, seconds: this.#measuring - before };
  }

  /** Counts time as measuring that has passed within the script's own. */
  addMeasuring(seconds: number): void {
    this.#measuring += seconds;
  }

  /** Runs what is neither the script nor a measurement, as a pause. */
  setAside(run: () => void): void {
    const start = performance.now();
    try {
      run();
    } finally {
      this.#aside += (performance.now() - start) / 1000;
    }
  }
}
