import { tracedBatch } from "../dataFacts.ts";
import { tracedLayers, type TracedLayers } from "../layerActivations.ts";
import { memoryOfScript } from "../trace/heldHandles.ts";
import type { Observable } from "./observable.ts";

/**
 * - `throughput/samples`: examples that the script has trained on, a second of its own time, at this step; absent where it is not
 *   known how many they are.
 * - `memory/process`: resident bytes of the process.
 * - `memory/device`: bytes of all tensors, as `tf.memory` counts them, without what the probe holds.
 */
export function machine(): Observable {
  return {
    name: "machine",
    price: 0.002,
    record: "measure",
    needsTrace: false,
    needsWeights: false,
    applies: () => true,
    measure({ batch, engine, seconds, trace }) {
      const values: Record<string, number> = { "memory/process": process.memoryUsage.rss() };
      const samples = batch ?? (trace === undefined ? undefined : examplesOf(tracedLayers(trace)));
      if (samples !== undefined && seconds > 0) values["throughput/samples"] = samples / seconds;
      const { numTensors, numBytes } = engine.state;
      values["memory/device"] = memoryOfScript(engine, { numTensors, numBytes, numDataBuffers: 0 }).numBytes;
      return { values, method: "batch over the step's own time; the engine's and the system's counts" };
    },
  };
}

/** The leading size that most of what enters has is one of examples where a layer's outputs have it too: weights may be multiplied by any constant. */
function examplesOf({ graph, activations }: TracedLayers): number | undefined {
  const batch = tracedBatch(graph);
  return activations.some(({ value }) => graph.trace.primal(value)?.shape[0] === batch) ? batch : undefined;
}
