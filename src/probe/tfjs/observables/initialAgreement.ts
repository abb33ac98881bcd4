import { tracedLayers } from "../layerActivations.ts";
import { readFloats } from "../stepView.ts";
import { exampleRows, someRows } from "./activationRows.ts";
import { type Observable, type ObservedStep, Unmeasurable } from "./observable.ts";
import { alignment, mutualNeighbours } from "./representation.ts";
import type { Rows } from "./symmetric.ts";

const mostExamples = 256;
const fewestExamples = 16;
const mostNeighbours = 10;
/** Bytes of a copy of the initial weights, and of a second set of activations. */
const mostBytes = 1024 ** 3;

/**
 * Of each layer's representation of the step's batch, against that of the same batch by the network at its initialization, whose
 * weights are kept and put into the record; for images and sequences means over positions:
 *
 * - `agreement/cka@layer`: unbiased linear centred kernel alignment. Null: 95 % quantile over shuffled examples.
 * - `agreement/neighbours@layer`: mutual k nearest neighbours, k = 10 or a quarter of the examples. Null: k/(n − 1).
 */
export function initialAgreement(): Observable {
  let initial: Float32Array | undefined;
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
      if (4 * trace.parameterCount + trace.bytesHeld > mostBytes) {
        throw new Unmeasurable(
          "agreement-memory",
          "Agreement with the initialization is not measured: it would take more than 1 GiB to keep the initial weights and replay a step at them.",
        );
      }
      if (step.step === 0) {
        initial = trace.weights();
        return undefined;
      }
      if (initial?.length !== trace.parameterCount) {
        throw new Unmeasurable(
          "agreement-start",
          "Agreement with the initialization is not measured: the weights of step 0 were not recorded, or there are others now.",
        );
      }
      const values = compare(step, initial);
      return { values, method: `replay at the initial weights, ${mostExamples} examples at most` };
    },
  };
}

function compare(step: ObservedStep, initial: Float32Array): Record<string, number> {
  const values: Record<string, number> = {};
  const { trace, engine } = step;
  if (trace === undefined) return values;
  const { activations } = tracedLayers(trace);
  const point = trace.at(initial);
  try {
    for (const { layer, value } of activations) {
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
