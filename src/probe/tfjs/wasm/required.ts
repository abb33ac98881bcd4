import type { NamedTensors, Tensor } from "../engine.ts";

/** An input that the kernel cannot do without. */
export function required(inputs: NamedTensors, name: string): Tensor {
  const tensor = inputs[name];
  if (tensor === undefined) throw new Error(`A kernel was called without its input ${name}.`);
  return tensor;
}
