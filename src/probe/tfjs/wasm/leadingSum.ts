import type { Attributes, NamedTensors } from "../engine.ts";
import { normalizedAxes } from "../trace/kernels.ts";
import type { WasmHeap } from "./heap.ts";
import { required } from "./required.ts";

/**
 * A sum over the first axes, as for the gradient of a bias, row by row in float64: the backend's own transposes everything
 * first.
 *
 * @param plain the backend's own kernel, for all other sums.
 */
export function sumOfLeadingAxes(
  heap: WasmHeap,
  inputs: NamedTensors,
  attributes: Attributes,
  plain: () => unknown,
): unknown {
  const x = required(inputs, "x");
  const axes = new Set(normalizedAxes(attributes["axis"], x.shape.length));
  const leading = x.shape.findIndex((_, axis) => !axes.has(axis));
  if (x.dtype !== "float32" || leading < 1 || axes.size !== leading) return plain();
  const kept = x.shape.slice(leading);
  const ones = attributes["keepDims"] === true ? x.shape.slice(0, leading).map(() => 1) : [];
  const output = heap.output([...ones, ...kept], "float32");
  const values = heap.values(x);
  const sums = new Float64Array(output.size);
  for (let start = 0; start < values.length; start += sums.length) {
    for (let column = 0; column < sums.length; column++) {
      sums[column] = (sums[column] ?? 0) + (values[start + column] ?? 0);
    }
  }
  heap.values(output).set(sums);
  return output;
}
