import type { ProbeSet } from "../probeSet.ts";
import type { Trace } from "../trace/trace.ts";
import { type Measurement, type Observable, type ObservedStep, Unmeasurable } from "./observable.ts";

/**
 * `loss/probe`: mean of the loss over the batches of the probe set, at the weights before the step. Where all steps see the same
 * batch it would be `loss/train`, and is left out.
 */
export function probeLoss(probe: ProbeSet): Observable {
  return {
    name: "loss/probe",
    price: 0.1,
    record: "measure",
    needsTrace: true,
    needsWeights: false,
    applies: () => true,
    measure(step) {
      const { trace, engine } = step;
      if (trace === undefined || !hasBatchesApart(probe, step, trace)) return undefined;
      const value = probe.loss(engine, trace.weights());
      return { values: { "loss/probe": value }, ...sampleOf(probe), method: `replay ${probe.describe("all")}` };
    },
  };
}

/**
 * Whether the probe set is complete, and something else than the batch of every step.
 *
 * @throws Unmeasurable where it is known to be that batch.
 */
export function hasBatchesApart(probe: ProbeSet, step: ObservedStep, trace: Trace): boolean {
  probe.look(step, trace);
  if (probe.batchesDiffer === false) {
    throw new Unmeasurable(
      "probe-set-is-batch",
      "Loss and sharpness are not measured on a probe set as well: every recorded step had the same examples, so that they are those of the step.",
      "information",
    );
  }
  return probe.isComplete && probe.batchesDiffer === true;
}

export function sampleOf(probe: ProbeSet): Pick<Measurement, "sample"> {
  return probe.examples === undefined ? {} : { sample: probe.examples };
}
