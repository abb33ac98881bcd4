import type { Series } from "./runView.ts";

/** Points a block: what is asked of a long series is answered by its blocks, not by looking at every point. */
const blockLength = 256;

/** One observable's points in typed columns that grow by doubling, so that a million appends cost a few copies. */
export class SeriesColumn {
  #steps = new Float64Array(16);
  #values = new Float64Array(16);
  /** Most observables state no error, and then hold none. */
  #errors: Float64Array | undefined;
  #length = 0;
  /** Largest value of each block, and whether it holds a NaN, which no comparison finds. */
  readonly #peaks: number[] = [];
  readonly #withNaN: boolean[] = [];

  get length(): number {
    return this.#length;
  }

  push(step: number, value: number, error: number): void {
    if (this.#length === this.#steps.length) {
      this.#steps = doubled(this.#steps);
      this.#values = doubled(this.#values);
      this.#errors &&= doubled(this.#errors);
    }
    if (error !== 0) this.#errors ??= new Float64Array(this.#steps.length);
    this.#steps[this.#length] = step;
    this.#values[this.#length] = value;
    if (this.#errors !== undefined) this.#errors[this.#length] = error;
    const block = Math.floor(this.#length / blockLength);
    this.#peaks[block] = Math.max(this.#peaks[block] ?? -Infinity, Number.isNaN(value) ? -Infinity : value);
    this.#withNaN[block] = (this.#withNaN[block] ?? false) || Number.isNaN(value);
    this.#length += 1;
  }

  /** The first `length` points. The column may grow on: nothing that was written is ever changed. */
  prefix(length: number): Series {
    const within = (index: number) => {
      if (!(index >= 0 && index < length)) throw new RangeError(`There is no point ${index} among ${length}.`);
      return index;
    };
    return {
      length,
      stepAt: (index) => this.#steps[within(index)] ?? NaN,
      valueAt: (index) => this.#values[within(index)] ?? NaN,
      errorAt: (index) => (within(index), this.#errors?.[index] ?? 0),
      indexFrom: (step) => this.indexFrom(step, length),
      firstAtLeast: (level, first) => this.#firstAtLeast(level, first, length),
      maximum: (first, end) => this.#maximum(first, Math.min(end, length)),
    };
  }

  /** Index of the first of the first `length` points at `step` or later; `length` where there is none. */
  indexFrom(step: number, length = this.#length): number {
    let [low, high] = [0, length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#steps[middle] ?? NaN) < step) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #firstAtLeast(level: number, first: number, length: number): number | undefined {
    for (let index = Math.max(0, first); index < length;) {
      if (index % blockLength === 0 && !((this.#peaks[index / blockLength] ?? NaN) >= level)) index += blockLength;
      else if ((this.#values[index] ?? NaN) >= level) return index;
      else index += 1;
    }
    return undefined;
  }

  #maximum(first: number, end: number): number {
    let largest = end > first ? -Infinity : NaN;
    for (let index = first; index < end && !Number.isNaN(largest);) {
      const block = index / blockLength;
      // Only a block that lies wholly within: others have points before `first`, or after what a view may see.
      const whole = Number.isInteger(block) && index + blockLength <= end;
      const value = whole ? (this.#withNaN[block] === true ? NaN : (this.#peaks[block] ?? NaN)) : this.#values[index];
      largest = Math.max(largest, value ?? NaN);
      index += whole ? blockLength : 1;
    }
    return largest;
  }
}

/** The series of an observable that was never recorded. */
export const emptySeries = new SeriesColumn().prefix(0);

function doubled(column: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * column.length);
  larger.set(column);
  return larger;
}
