import type { Series } from "./runView.ts";

/** One observable's points in typed columns that grow by doubling, so that a million appends cost a few copies. */
export class SeriesColumn {
  #steps = new Float64Array(16);
  #values = new Float64Array(16);
  /** Most observables state no error, and then hold none. */
  #errors: Float64Array | undefined;
  #length = 0;

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
}

/** The series of an observable that was never recorded. */
export const emptySeries = new SeriesColumn().prefix(0);

function doubled(column: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * column.length);
  larger.set(column);
  return larger;
}
