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
}

const products = new Set(["BatchMatMul", "_FusedMatMul"]);
const handingOn = new Set(["Add", "AddV2", "AddN", "Reshape"]);

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
      if (derivative === undefined || !leadsTo(trace, gradient, weight.gradient)) return [];
      return [{ layer, weight, units, weightId, inputId, derivative }];
    });
  });
}

/** Whether a product is what a gradient is, or a part of the sum that it is. */
function leadsTo(trace: Trace, product: Operation, gradient: number): boolean {
  let value = product.outputs[0];
  while (value !== undefined && value !== gradient) {
    const part: number = value;
    const next = trace.operations.filter(
      ({ pass, inputs }) => pass === "backward" && Object.values(inputs).includes(part),
    );
    const [operation] = next;
    const handsOn = operation !== undefined && handingOn.has(operation.kernelName);
    if (!handsOn || next.length > 1) return false;
    value = operation.outputs[0];
  }
  return value !== undefined;
}
