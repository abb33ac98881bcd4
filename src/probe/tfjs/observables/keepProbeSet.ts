import type { ProbeSet } from "../probeSet.ts";
import type { Observable } from "./observable.ts";

/** Measures nothing, but looks at the batch of every step that is recorded for others, so that the probe set is soon complete. */
export function keepProbeSet(probe: ProbeSet): Observable {
  return {
    name: "probeSet",
    price: "free",
    record: "measure",
    needsTrace: true,
    needsWeights: false,
    applies: () => !probe.isSettled,
    measure(step) {
      if (step.trace !== undefined) probe.look(step, step.trace);
      return undefined;
    },
  };
}
