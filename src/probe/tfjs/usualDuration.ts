/** Durations that are remembered, and fewer of them than this say nothing. */
const remembered = 32;
const fewest = 12;
/** Durations after which the mean is taken anew. */
const patience = 8;
/** In medians: what is longer counts as that long, be it the end of an epoch or another process that had its turn. */
const longest = 3;

/** How long something that recurs usually takes, by its latest occurrences. */
export class UsualDuration {
  readonly #latest = new Float64Array(remembered);
  #count = 0;
  #computedAt = 0;
  #median: number | undefined;
  #mean = 0;

  /** @param seconds of one occurrence. */
  add(seconds: number): void {
    this.#latest[this.#count % remembered] = seconds;
    this.#count++;
  }

  /** Seconds by which a duration exceeds the mean, negative where it is shorter; undefined before enough is known. */
  excess(seconds: number): number | undefined {
    this.#compute();
    return this.#median === undefined ? undefined : Math.min(seconds, longest * this.#median) - this.#mean;
  }

  #compute(): void {
    if (this.#count < fewest || (this.#median !== undefined && this.#count < this.#computedAt + patience)) return;
    this.#computedAt = this.#count;
    const sorted = this.#latest.slice(0, Math.min(this.#count, remembered)).sort();
    const median = sorted[sorted.length >> 1] ?? 0;
    this.#median = median;
    this.#mean = sorted.reduce((sum, each) => sum + Math.min(each, longest * median), 0) / sorted.length;
  }
}
