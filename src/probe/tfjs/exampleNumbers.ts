import { createHash } from "node:crypto";
import type { Leaf } from "./trace/detachedTrace.ts";

/**
 * A number for each example of a batch, the same in every run that has it: the first 48 bits of the SHA-256 of what enters the layers
 * for it, as float32 of this machine, one input after the other. The other probe gives the same; of images channels are last.
 *
 * @param inputs each with its examples one after the other.
 */
export function exampleNumbers(inputs: readonly Leaf[], examples: number): number[] {
  const values = inputs.map(({ elements }) => Float32Array.from(elements));
  return Array.from({ length: examples }, (_, example) => {
    const hash = createHash("sha256");
    for (const each of values) {
      const size = each.length / examples;
      hash.update(each.subarray(example * size, (example + 1) * size));
    }
    return hash.digest().readUIntBE(0, 6);
  });
}
