import { tracedBatch } from "../dataFacts.ts";
import { tracedLayers } from "../layerActivations.ts";
import { memoryOfScript } from "../trace/heldHandles.ts";
import type { Observable } from "./observable.ts";

/**
 * - `throughput/samples`: examples that the script has trained on, a second of its own time, at this step.
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
      const samples = batch ?? (trace === undefined ? undefined : tracedBatch(tracedLayers(trace).graph));
      if (samples !== undefined && seconds > 0) values["throughput/samples"] = samples / seconds;
      const { numTensors, numBytes } = engine.state;
      values["memory/device"] = memoryOfScript(engine, { numTensors, numBytes, numDataBuffers: 0 }).numBytes;
      return { values, method: "batch over the step's own time; the engine's and the system's counts" };
    },
  };
}
