import path from "node:path";
import type { SpoolRecord } from "../../src/probe/record.ts";
import { fixtures, runProbed } from "./probeRun.ts";
import { runProbedPython } from "./torchRun.ts";

/** What was measured of an observable at a step: one number, or the list of a vector. */
export interface Observation {
  readonly values: readonly number[];
  /** The method's own bound, where it has one. */
  readonly error: number | undefined;
  /** Examples that it was measured on, where told. */
  readonly sample: number | undefined;
}

/** By observable, and then by step. */
export type Observations = ReadonlyMap<string, ReadonlyMap<number, Observation>>;

export interface Pair {
  readonly tensorflow: readonly SpoolRecord[];
  readonly torch: readonly SpoolRecord[];
}

/**
 * Runs two scripts that train the same network, from the same weights and on the same batches, in TensorFlow.js and PyTorch, and reads
 * what their probes have recorded.
 */
export async function runPair(name: string, budget = 1, batches = 1): Promise<Pair> {
  const file = (extension: string) => path.join(fixtures, "pairs", `${name}.${extension}`);
  const environment = { ORRERY_PROBE_BATCHES: String(batches) };
  const outcomes = await Promise.all([
    runProbed(file("mjs"), { budget, environment }),
    runProbedPython(file("py"), [], budget, environment),
  ]);
  for (const { exitCode, errors } of outcomes) if (exitCode !== 0) throw new Error(errors);
  return { tensorflow: outcomes[0].records, torch: outcomes[1].records };
}

export function observationsOf(records: readonly SpoolRecord[]): Observations {
  const all = new Map<string, Map<number, Observation>>();
  const add = (name: string, step: number, observation: Observation) => {
    const known = all.get(name) ?? new Map<number, Observation>();
    all.set(name, known.set(step, observation));
  };
  for (const record of records) {
    if (record.t === "vector") {
      add(record.name, record.step, { values: record.values, error: undefined, sample: undefined });
    } else if (record.t === "step" || record.t === "measure") {
      const { error, sample } = record.t === "measure" ? record : {};
      for (const [name, value] of Object.entries(record.values)) {
        add(name, record.step, { values: [value], error: error?.[name], sample });
      }
    }
  }
  return all;
}
