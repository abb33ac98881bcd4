import { cnnShape, mlpShape } from "./models.ts";
import { cnnReference, mlpReference, type Reference } from "./references.ts";

/** The float64 reference of each example's own loss. */
export function exampleReferences(
  model: { readonly inputs: Float32Array; readonly targets?: Float32Array; readonly labels?: readonly number[] },
  weights: ArrayLike<number>,
): Reference[] {
  const { targets, labels, inputs } = model;
  if (targets !== undefined) {
    const { batch, inputs: width, outputs } = mlpShape;
    return Array.from({ length: batch }, (_, example) =>
      mlpReference(
        weights,
        inputs.subarray(example * width, (example + 1) * width),
        targets.subarray(example * outputs, (example + 1) * outputs),
        1,
      ),
    );
  }
  const { side, channels } = cnnShape;
  const size = side * side * channels;
  return (labels ?? []).map((label, example) =>
    cnnReference(weights, inputs.subarray(example * size, (example + 1) * size), [label]),
  );
}
