import { numberOf, textOf } from "./columns.ts";
import type { Reading } from "./runRows.ts";
import type { DatabaseSync } from "./sqlite.ts";

/** Reads the newest point of an observable at or before a step; undefined where there is none. */
export function readReading(database: DatabaseSync, observable: string, step: number): Reading | undefined {
  const row = database
    .prepare(
      `SELECT point.step, value, error, cost, method.text AS method, sample
       FROM point
         JOIN observable ON observable.id = point.observable
         LEFT JOIN measurement ON measurement.line = point.measurement
         LEFT JOIN method ON method.id = measurement.method
       WHERE observable.name = ? AND point.step <= ? ORDER BY point.step DESC, repeat DESC LIMIT 1`,
    )
    .get(observable, step);
  if (row === undefined) return undefined;
  const reading = { step: numberOf(row, "step"), value: numberOf(row, "value"), error: numberOf(row, "error") };
  if (row["method"] === null) return reading;
  const sample = numberOf(row, "sample");
  const measurement = { cost: numberOf(row, "cost"), method: textOf(row, "method") };
  return { ...reading, measurement: Number.isNaN(sample) ? measurement : { ...measurement, sample } };
}
