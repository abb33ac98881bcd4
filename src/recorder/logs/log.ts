/** A training log as it was read, whatever its format. */

/** What one place of a log says of one step. */
export interface LogEntry {
  readonly step: number;
  /** Seconds from whatever moment, the same throughout; undefined where the log does not say. */
  readonly time: number | undefined;
  /** By observable. */
  readonly values: ReadonlyMap<string, number>;
}

export interface Log {
  /** As "console log", with its article. */
  readonly format: string;
  /** In the order of the file. */
  readonly entries: readonly LogEntry[];
  /** Steps in all, where the log says so in advance, as `step:3/5100` does. */
  readonly plannedSteps: number | undefined;
  /** What a person should know of how it was read, one sentence each. */
  readonly remarks: readonly string[];
}

/** A step as a log writes it; undefined where it is no whole number that is not negative. */
export function wholeStep(value: number): number | undefined {
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
