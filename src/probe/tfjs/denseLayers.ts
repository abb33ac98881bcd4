import { tracedLayers } from "./layerActivations.ts";
import type { Operation, TracedVariable } from "./trace/operation.ts";
import { weightProducts } from "./trace/outputGradients.ts";
import type { Trace } from "./trace/trace.ts";

/** A layer z = h·W whose weight matrix is used in no other product, and what the backward pass has of it. */
export interface DenseLayer {
  readonly layer: string;
  /** [inputs, units] */
  readonly weight: TracedVariable;
  readonly units: number;
  /** Id of the weight's value. */
  readonly weightId: number;
  /** Id of h, with a row for each example or position. */
  readonly inputId: number;
  /** Id of the loss's derivative by z. */
  readonly derivative: number;
  /** Ids of what is added to hᵀ·(derivative by z) to make the weight's gradient, as by penalties. */
  readonly addends: readonly number[];
}

const products = new Set(["BatchMatMul", "_FusedMatMul"]);
const additions = new Set(["Add", "AddV2", "AddN"]);

/** In the order in which they ran. */
export function denseLayers(trace: Trace): DenseLayer[] {
  const { graph, activations } = tracedLayers(trace);
  return activations.flatMap(({ layer, weight }) => {
    const uses = graph.operations.filter(
      ({ kernelName, inputs }) => products.has(kernelName) && graph.variable(inputs["b"]) === weight,
    );
    const [product] = uses;
    const [weightId, ...others] = weight.values;
    const [, units = 0] = weight.shape;
    const inputId = product?.inputs["a"];
    if (product === undefined || uses.length > 1 || inputId === undefined) return [];
    if (weightId === undefined || others.length > 0 || weight.shape.length !== 2) return [];
    if (product.attributes["transposeA"] === true) return [];
    return weightProducts(trace, product).flatMap((gradient): DenseLayer[] => {
      const derivative = gradient.inputs["b"];
      const addends = addendsOf(trace, gradient, weight.gradient);
      if (derivative === undefined || addends === undefined) return [];
      return [{ layer, weight, units, weightId, inputId, derivative, addends }];
    });
  });
}

/** What is added on the way to the whole gradient; undefined where the way does not lead there. */
function addendsOf(trace: Trace, product: Operation, whole: number): number[] | undefined {
  const addends: number[] = [];
  let value = product.outputs[0];
  while (value !== undefined && value !== whole) {
    const part: number = value;
    const next = trace.operations.filter(
      ({ pass, inputs }) => pass === "backward" && Object.values(inputs).includes(part),
    );
    const [operation] = next;
    if (operation === undefined || next.length > 1) return undefined;
    if (additions.has(operation.kernelName)) {
      addends.push(...Object.values(operation.inputs).filter((id) => id !== part));
    } else if (operation.kernelName !== "Reshape") {
      return undefined;
    }
    value = operation.outputs[0];
  }
  return value === undefined ? undefined : addends;
}
