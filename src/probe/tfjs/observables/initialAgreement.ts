import type { Engine } from "../engine.ts";
import { tracedLayers } from "../layerActivations.ts";
import type { ProbeSet } from "../probeSet.ts";
import { readFloats } from "../stepView.ts";
import type { Trace } from "../trace/trace.ts";
import { exampleRows, joinedRows, someRows } from "./activationRows.ts";
import type { InitialWeights } from "./initialWeights.ts";
import { type Observable, Unmeasurable } from "./observable.ts";
import { alignment, mutualNeighbours } from "./representation.ts";
import type { Rows } from "./symmetric.ts";
import { Turns } from "./turns.ts";

const mostExamples = 256;
const fewestExamples = 16;
const mostNeighbours = 10;

/**
 * Of each layer's representation of the probe set, against that of the same examples by the network at its initialization, whose
 * weights are kept and put into the record; for images and sequences means over positions:
 *
 * - `agreement/cka@layer`: unbiased linear centred kernel alignment. Null: 95 % quantile over shuffled examples.
 * - `agreement/neighbours@layer`: mutual k nearest neighbours, k = 10 or a quarter of the examples. Null: k/(n − 1).
 */
export function initialAgreement(initial: InitialWeights, probe: ProbeSet): Observable {
  const turns = new Turns();
  return {
    name: "agreement",
    price: 0.7,
    record: "measure",
    needsTrace: true,
    needsWeights: false,
    applies: () => true,
    measure(step) {
      const { trace } = step;
      if (trace === undefined) return undefined;
      const start = initial.of(step, trace);
      probe.look(step, trace);
      if (step.step === 0 || !probe.isComplete) return undefined;
      const layers = representations(step.engine, probe, trace.weights(), start);
      const values: Record<string, number> = {};
      let sample = 0;
      for (const [layer, { now, then }] of turns.over([...layers])) {
        Object.assign(values, compare(layer, now, then));
        sample = now.rows;
      }
      return {
        values,
        ...(sample > 0 && { sample }),
        method: `replay at the initial weights, ${mostExamples} examples at most, ${probe.describe("all")}`,
      };
    },
  };
}

interface Representations {
  readonly now: Rows;
  readonly then: Rows;
}

/** By layer, of as many batches as are needed. */
function representations(
  engine: Engine,
  probe: ProbeSet,
  weights: Float32Array,
  initial: Float32Array,
): Map<string, Representations> {
  const parts = new Map<string, Representations[]>();
  const collect = (trace: Trace) => {
    const point = trace.at(initial);
    try {
      for (const { layer, value } of tracedLayers(trace).activations) {
        const [now, then] = [trace, point].map((at): Rows | undefined => {
          const tensor = at.primal(value);
          return tensor && exampleRows(readFloats(engine, tensor).slice(), tensor.shape, probe.batchSize);
        });
        if (now !== undefined && then !== undefined) parts.set(layer, [...(parts.get(layer) ?? []), { now, then }]);
      }
    } finally {
      point.dispose();
    }
  };
  probe.onEach(engine, weights, collect, Math.ceil(mostExamples / Math.max(1, probe.batchSize ?? 1)));
  return new Map(
    [...parts].map(([layer, list]) => {
      const whole = (side: keyof Representations) => someRows(joinedRows(list.map((each) => each[side])), mostExamples);
      return [layer, { now: whole("now"), then: whole("then") }];
    }),
  );
}

function compare(layer: string, now: Rows, then: Rows): Readonly<Record<string, number>> {
  if (now.rows < fewestExamples) {
    throw new Unmeasurable(
      "agreement-examples",
      `Agreement with the initialization is not measured on fewer than ${fewestExamples} examples. A probe set of more batches may help.`,
    );
  }
  const aligned = alignment(now, then);
  if (aligned === undefined || !Number.isFinite(aligned.value)) return {};
  const k = Math.min(mostNeighbours, Math.floor(now.rows / 4));
  return {
    [`agreement/cka@${layer}`]: aligned.value,
    [`agreement/cka@${layer}/null`]: aligned.null,
    [`agreement/neighbours@${layer}`]: mutualNeighbours(now, then, k),
    [`agreement/neighbours@${layer}/null`]: k / (now.rows - 1),
  };
}
