import type { Engine } from "../engine.ts";
import { exampleNumbers } from "../exampleNumbers.ts";
import { tracedLayers } from "../layerActivations.ts";
import type { ProbeSet } from "../probeSet.ts";
import { readFloats } from "../stepView.ts";
import type { Trace } from "../trace/trace.ts";
import { activationNotFinite } from "./activationMoments.ts";
import { exampleRows } from "./activationRows.ts";
import { type Observable, Unmeasurable } from "./observable.ts";
import { nearest } from "./representation.ts";
import { restedAt } from "./rest.ts";
import type { Rows } from "./symmetric.ts";
import { Turns } from "./turns.ts";

const mostExamples = 256;
const fewestExamples = 16;
const mostNeighbours = 10;
/** Of a deeper network so many are taken, evenly spread: each is a few kilobytes a measurement. */
const mostLayers = 16;

/** Steps until the next measurement, at least, and as a part of those done: representations change ever more slowly. */
const rest = { steps: 8, part: 0.25 };

/**
 * Who is near whom in each layer's representation of the probe set, written down so that runs can be compared on the examples that both
 * have had; for images and sequences means over positions:
 *
 * - `representation/examples`: a vector of their numbers (`exampleNumbers`), ascending. Of more than 256 the smallest are taken, so that
 *   runs on the same data take the same. Written where they are others than before.
 * - `representation/neighbours@layer`: a vector of k places among these for each of them in turn: those of the nearest others by cosine,
 *   the nearest first, of equally near ones the first. k = 10 or a quarter of the examples.
 */
export function neighbourhoods(probe: ProbeSet): Observable {
  const turns = new Turns();
  let written = "";
  let [restsUntil, waiting] = [0, 0];
  return {
    name: "representation",
    price: 0.4,
    record: "measure",
    needsTrace: true,
    needsWeights: false,
    applies: () => true,
    get restsUntil() {
      return restsUntil;
    },
    measure(given) {
      const { trace, engine, step } = given;
      if (trace === undefined) return undefined;
      probe.look(given, trace);
      if (!probe.isComplete) return undefined;
      restsUntil = restedAt(step, rest);
      const chosen = chosenExamples(probe);
      const layers = spread([...representations(engine, probe, trace.weights(), chosen)], mostLayers);
      if (waiting <= 0) waiting = layers.length;
      const numbers = chosen.map(({ number }) => number);
      const isNew = numbers.join() !== written;
      written = numbers.join();
      const neighbours: Record<string, readonly number[]> = {};
      const omitted: Unmeasurable[] = [];
      const k = Math.min(mostNeighbours, Math.floor(chosen.length / 4));
      for (const [layer, rows] of turns.over(layers)) {
        waiting--;
        if (!Array.from(rows.values).every(Number.isFinite)) omitted.push(activationNotFinite(layer));
        else neighbours[`representation/neighbours@${layer}`] = nearest(rows, k).flat();
      }
      // Those that were left out come next.
      if (waiting > 0) restsUntil = step;
      const vectors = { ...(isNew && { "representation/examples": numbers }), ...neighbours };
      return { values: {}, vectors, omitted, method: `cosines, ${probe.describe("all")}` };
    },
  };
}

interface Chosen {
  readonly number: number;
  readonly batch: number;
  /** Its place in the batch. */
  readonly row: number;
}

/** In ascending order of their numbers, each once. */
function chosenExamples(probe: ProbeSet): readonly Chosen[] {
  const { inputs, batchSize } = probe;
  if (inputs === undefined || batchSize === undefined) {
    throw new Unmeasurable(
      "representation-inputs",
      "Representations are not written down for comparisons with other runs: examples are not told apart by what enters the first layer, as where a normalization stands before it.",
      "information",
    );
  }
  const all = inputs.flatMap((each, batch) =>
    exampleNumbers(each, batchSize).map((number, row): Chosen => ({ number, batch, row })),
  );
  // Of equal keys the last stays, and the first is to.
  const distinct = [...new Map(all.toReversed().map((each) => [each.number, each])).values()];
  const chosen = distinct.toSorted((one, other) => one.number - other.number).slice(0, mostExamples);
  if (chosen.length < fewestExamples) {
    throw new Unmeasurable(
      "representation-examples",
      `Representations are not written down for comparisons with other runs where there are fewer than ${fewestExamples} different examples. A probe set of more batches may help.`,
      "information",
    );
  }
  return chosen;
}

/** By layer, a row for each of the chosen examples. */
function representations(
  engine: Engine,
  probe: ProbeSet,
  weights: Float32Array,
  chosen: readonly Chosen[],
): ReadonlyMap<string, Rows> {
  const found = new Map<string, { readonly values: Float64Array; readonly rows: number; readonly columns: number }>();
  let batch = 0;
  probe.onEach(engine, weights, (trace: Trace) => {
    const own = batch++;
    for (const { layer, value } of tracedLayers(trace).activations) {
      const tensor = trace.primal(value);
      if (tensor === undefined) continue;
      const { values, rows, columns } = exampleRows(readFloats(engine, tensor), tensor.shape, probe.batchSize);
      if (rows !== probe.batchSize) continue;
      const whole = found.get(layer) ?? {
        values: new Float64Array(chosen.length * columns),
        ...{ rows: chosen.length, columns },
      };
      found.set(layer, whole);
      chosen.forEach((each, place) => {
        if (each.batch !== own) return;
        for (let column = 0; column < columns; column++) {
          whole.values[place * columns + column] = values[each.row * columns + column] ?? 0;
        }
      });
    }
  });
  return found;
}

/** At most so many, evenly spread from the first to the last. */
function spread<T>(all: readonly T[], most: number): readonly T[] {
  if (all.length <= most) return all;
  return Array.from({ length: most }, (_, index) => Math.floor((index * (all.length - 1)) / (most - 1) + 0.5)).flatMap(
    (place) => all[place] ?? [],
  );
}
