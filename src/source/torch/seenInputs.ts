/** What the models of a script are computed on. */
import type { Dims } from "../interpret/flow.ts";
import type { ObjectValue } from "../interpret/value.ts";

const inputs = new WeakMap<ObjectValue, Dims>();

/** To be called where a model is computed on data of which the shape is known; the first counts. */
export function sawInput(module: ObjectValue, dims: Dims): void {
  if (!inputs.has(module)) inputs.set(module, dims);
}

export function seenInput(module: ObjectValue): Dims | undefined {
  return inputs.get(module);
}
