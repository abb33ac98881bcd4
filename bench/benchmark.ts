/** One line of a benchmark's table. A ratio compares two things that were measured in the same run. */
export interface BenchmarkRow {
  readonly name: string;
  /** NaN where there is nothing to measure; `how` then says why. */
  readonly value: number;
  /** `ms`, `rows/s`, or `×` for a ratio. */
  readonly unit: string;
  /** What was measured, exactly enough to do it again. */
  readonly how: string;
}

export interface Benchmark {
  readonly title: string;
  run(): Promise<readonly BenchmarkRow[]>;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** What something takes, in wall time. */
export function milliseconds(run: () => void): number {
  const began = performance.now();
  run();
  return performance.now() - began;
}

/**
 * Milliseconds of two things done in turn, so that both see the same machine: the first round of each, which warms up, is left
 * out.
 */
export function alternating(
  rounds: number,
  first: () => void,
  second: () => void,
): { first: number; second: number }[] {
  const all = Array.from({ length: rounds + 1 }, () => ({ first: milliseconds(first), second: milliseconds(second) }));
  return all.slice(1);
}
