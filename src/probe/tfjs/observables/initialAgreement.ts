import { tracedLayers } from "../layerActivations.ts";
import { readFloats } from "../stepView.ts";
import { exampleRows, someRows } from "./activationRows.ts";
import type { InitialWeights } from "./initialWeights.ts";
import { type Observable, type ObservedStep, Unmeasurable } from "./observable.ts";
import { alignment, mutualNeighbours } from "./representation.ts";
import type { Rows } from "./symmetric.ts";
import { Turns } from "./turns.ts";

const mostExamples = 256;
const fewestExamples = 16;
const mostNeighbours = 10;
/**
 * Of each layer's representation of the step's batch, against that of the same batch by the network at its initialization, whose
 * weights are kept and put into the record; for images and sequences means over positions:
 *
 * - `agreement/cka@layer`: unbiased linear centred kernel alignment. Null: 95 % quantile over shuffled examples.
 * - `agreement/neighbours@layer`: mutual k nearest neighbours, k = 10 or a quarter of the examples. Null: k/(n − 1).
 */
export function initialAgreement(initial: InitialWeights): Observable {
  const turns = new Turns();
  return {
    name: "agreement",
    share: 0.25,
    record: "measure",
    needsTrace: true,
    needsWeights: false,
    applies: () => true,
    measure(step) {
      const { trace } = step;
      if (trace === undefined) return undefined;
      const start = initial.of(step, trace);
      if (step.step === 0) return undefined;
      const values = compare(step, start, turns);
      return { values, method: `replay at the initial weights, ${mostExamples} examples at most` };
    },
  };
}

function compare(step: ObservedStep, initial: Float32Array, turns: Turns): Record<string, number> {
  const values: Record<string, number> = {};
  const { trace, engine } = step;
  if (trace === undefined) return values;
  const { activations } = tracedLayers(trace);
  const point = trace.at(initial);
  try {
    for (const { layer, value } of turns.over(activations)) {
      const [now, then] = [trace, point].map((at): Rows | undefined => {
        const tensor = at.primal(value);
        return tensor && someRows(exampleRows(readFloats(engine, tensor), tensor.shape), mostExamples);
      });
      if (now === undefined || then === undefined) continue;
      if (now.rows < fewestExamples) {
        throw new Unmeasurable(
          "agreement-examples",
          `Agreement with the initialization is not measured on batches of fewer than ${fewestExamples} examples.`,
        );
      }
      const aligned = alignment(now, then);
      if (aligned === undefined || !Number.isFinite(aligned.value)) continue;
      values[`agreement/cka@${layer}`] = aligned.value;
      values[`agreement/cka@${layer}/null`] = aligned.null;
      const k = Math.min(mostNeighbours, Math.floor(now.rows / 4));
      values[`agreement/neighbours@${layer}`] = mutualNeighbours(now, then, k);
      values[`agreement/neighbours@${layer}/null`] = k / (now.rows - 1);
    }
  } finally {
    point.dispose();
  }
  return values;
}
