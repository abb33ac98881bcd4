/** Memory that the outputs of a model's layers take, which a training step keeps for its way back. */
import type { ModelSketch } from "../../source/sketch/modelSketch.ts";
import { exactly, notPredicted, type Prediction } from "./prediction.ts";

const bytesPerNumber = 4;

/** In bytes, for one example in single precision. */
export function activationMemory(model: ModelSketch): Prediction {
  if (!model.complete.known) return notPredicted(model.complete.reason);
  let numbers = 0;
  for (const layer of model.layers) {
    // A reshaped tensor is the same numbers.
    if (!layer.used || layer.kind === "reshape") continue;
    const { outputShape } = layer;
    if (!outputShape.known) return notPredicted(outputShape.reason);
    numbers += outputShape.value.reduce((total, extent) => total * extent, 1);
  }
  return exactly(bytesPerNumber * numbers, "4 bytes for each number that a layer gives, an example", [
    "Single precision, and nothing computed twice to save memory. What a framework keeps inside of a layer is left out.",
  ]);
}
