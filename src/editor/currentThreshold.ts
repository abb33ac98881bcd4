/** The stability threshold of a run's optimizer as it steps now. */
import { recordSchema, type OptimizerRecord } from "../probe/record.ts";
import type { EventRow, RunReader } from "../run/runRows.ts";
import { stabilityThreshold, type StabilityThreshold } from "../theory/empirical/stabilityThreshold.ts";

/** Optimizers are recorded when they take their first step, so the first events hold them all. */
const eventsRead = 1000;

/** Undefined where theory names none, and where it would be a guess which one applies: several optimizers. */
export function currentThreshold(reader: RunReader): StabilityThreshold | undefined {
  const records = reader.events(-1, eventsRead).flatMap(optimizerOf);
  const newest = records.at(-1);
  if (newest === undefined || new Set(records.map((record) => record.id)).size > 1) return undefined;
  const rate = reader.overview().observables.find((observable) => observable.name === "optimizer/learningRate");
  return stabilityThreshold(newest, rate?.lastValue);
}

function optimizerOf(event: EventRow): OptimizerRecord[] {
  if (event.kind !== "optimizer") return [];
  const record = recordSchema.safeParse(JSON.parse(event.body)).data;
  return record?.t === "optimizer" ? [record] : [];
}
