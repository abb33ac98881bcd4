import { RunFileError } from "../../run/runFileError.ts";
import type { LogEntry } from "./log.ts";

export interface LogHistory {
  readonly entries: readonly LogEntry[];
  /** How often the log goes back, as it does where a run was resumed from a checkpoint. */
  readonly resumed: number;
}

/**
 * What a log tells of one run: where it goes back to a step that it had passed, what it said from there on no longer counts.
 * Throws `RunFileError` where it goes back to its beginning.
 */
export function logHistory(entries: readonly LogEntry[], place: string): LogHistory {
  const kept: LogEntry[] = [];
  // Each quantity by itself: a validation loss may well be printed a few training steps later.
  const latest = new Map<string, number>();
  let resumed = 0;
  for (const entry of entries) {
    const { step, values } = entry;
    const passed = Math.max(...[...values.keys()].map((observable) => latest.get(observable) ?? -1));
    if (passed > step) {
      if (step <= (kept[0]?.step ?? -1)) {
        throw new RunFileError(
          `${place} goes back from step ${passed} to step ${step}, where it began: it counts its steps anew in each epoch, or holds several runs. Import a part of it.`,
        );
      }
      resumed += 1;
      while ((kept.at(-1)?.step ?? -1) >= step) kept.pop();
      for (const [observable, last] of latest) latest.set(observable, Math.min(last, step));
    }
    for (const observable of values.keys()) latest.set(observable, step);
    kept.push(entry);
  }
  return { entries: kept, resumed };
}
