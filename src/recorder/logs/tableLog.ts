/** Rows of numbers under names, as tables, JSON objects and TensorBoard have them. */
import { RunFileError } from "../../run/runFileError.ts";
import type { Log, LogEntry } from "./log.ts";
import { wholeStep } from "./log.ts";
import { observableOf, rankOf, roleOf } from "./logNames.ts";

export type Row = ReadonlyMap<string, number>;

/**
 * The log that rows make. Their step is in the column that is called one; where there is none, epochs are counted instead, and
 * it says so. Throws `RunFileError` where there is neither, or nothing beside it.
 *
 * @param place what the rows are from, for the error
 */
export function logOfRows(rows: readonly Row[], format: string, place: string): Log {
  const names = [...new Set(rows.flatMap((row) => [...row.keys()]))];
  const named = (role: string) =>
    names.filter((name) => roleOf(name) === role).toSorted((one, other) => rankOf(one) - rankOf(other));
  const [steps, epochs, times] = [named("step"), named("epoch"), named("time")];
  const counters = steps.length > 0 ? steps : epochs;
  if (counters.length === 0) {
    throw new RunFileError(
      `${place} has no column, key or tag that is called step, iteration or epoch. It has ${listed(names)}.`,
    );
  }
  const logged = names.filter((name) => ![...steps, ...epochs, ...times].includes(name));
  let without = 0;
  const entries = rows.flatMap((row): readonly LogEntry[] => {
    const values = new Map<string, number>();
    for (const name of isSummary(row) ? [] : logged) {
      const value = row.get(name);
      const observable = observableOf(name);
      if (value !== undefined && !values.has(observable)) values.set(observable, value);
    }
    const counter = counters.find((name) => row.has(name));
    const step = wholeStep(row.get(counter ?? "") ?? NaN);
    if (values.size === 0) return [];
    if (step === undefined) {
      without += 1;
      return [];
    }
    return [{ step, time: row.get(times[0] ?? ""), values }];
  });
  if (entries.length === 0) {
    throw new RunFileError(
      `${place} has no row with a whole number as its step and another number beside it. It has ${listed(names)}.`,
    );
  }
  return {
    format,
    entries,
    plannedSteps: undefined,
    remarks: [
      ...(without === 0 ? [] : [`${without} rows have no whole number as their step: left out.`]),
      ...(steps.length > 0 ? [] : ["The log counts epochs and not steps: where this run says step, it means epoch."]),
    ],
  };
}

/** The last row of the Trainer of `transformers` gives means over the whole run under the names of losses. */
function isSummary(row: Row): boolean {
  return row.has("train_runtime");
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "none with numbers" : names.slice(0, 12).join(", ");
}
