import { type ForwardGraph, input } from "./forwardGraph.ts";
import type { Operation, TracedVariable } from "./trace/operation.ts";

/** Two consecutive weight matrices, x ↦ f(x·A + a)·B, with nothing else between them. */
export interface LayerPair {
  /** A, of shape [inputs, hidden]. */
  readonly first: TracedVariable;
  /** a, of shape [hidden]. */
  readonly bias: TracedVariable | undefined;
  /** B, of shape [hidden, outputs]. */
  readonly second: TracedVariable;
  /** f: with a rectifier only the diagonal of the balance is conserved. */
  readonly between: "linear" | "rectifier";
}

const products = new Set(["BatchMatMul", "_FusedMatMul", "MatMul"]);
const additions = new Set(["Add", "AddV2", "BiasAdd"]);
const rectifiers = new Set(["Relu", "LeakyRelu"]);
const transparent = new Set(["Identity", "Reshape", "Cast"]);

/**
 * Pairs whose balance gradient descent conserves to first order: every weight and every value between them is used once on
 * the way to the loss. A weight penalty, a shared weight, a skip connection or a normalization breaks it, so such pairs are left out.
 */
export function layerPairs(graph: ForwardGraph): LayerPair[] {
  return graph.operations.flatMap((operation) => {
    const first = weightOf(graph, operation);
    return first === undefined ? [] : follow(graph, operation, first);
  });
}

function follow(graph: ForwardGraph, product: Operation, first: TracedVariable): LayerPair[] {
  let bias = graph.variable(product.inputs["bias"]);
  if (product.inputs["bias"] !== undefined && (bias === undefined || !isUsedOnce(graph, bias))) return [];
  let between: LayerPair["between"] = "linear";
  let value = product.outputs[0];
  for (;;) {
    const next: Operation | undefined = value === undefined ? undefined : onlyConsumer(graph, value);
    if (next === undefined) return [];
    const { kernelName } = next;
    if (products.has(kernelName)) {
      const second = weightOf(graph, next);
      return second === undefined || !isMatched(first, second) ? [] : [{ first, bias, second, between }];
    }
    if (additions.has(kernelName) && bias === undefined && between === "linear") {
      bias = Object.values(next.inputs)
        .map((id) => graph.variable(id))
        .find((variable) => variable !== undefined);
      if (bias === undefined || bias.size !== first.shape[1] || !isUsedOnce(graph, bias)) return [];
    } else if (rectifiers.has(kernelName)) {
      between = "rectifier";
    } else if (!transparent.has(kernelName)) {
      return [];
    }
    value = next.outputs[0];
  }
}

/** The weight matrix that a plain product multiplies by from the right, if nothing else uses it. */
function weightOf(graph: ForwardGraph, operation: Operation): TracedVariable | undefined {
  if (!products.has(operation.kernelName)) return undefined;
  const { transposeA, transposeB, activation } = operation.attributes;
  if (transposeA === true || transposeB === true || (activation !== undefined && activation !== "linear"))
    return undefined;
  const weight = graph.variable(operation.inputs["b"]);
  return weight?.shape.length === 2 && isUsedOnce(graph, weight) ? weight : undefined;
}

function isUsedOnce(graph: ForwardGraph, variable: TracedVariable): boolean {
  return variable.values.length === 1 && uses(graph, variable.values[0]) === 1;
}

/** Number of kernels that do something with a value, copies looked through. */
function uses(graph: ForwardGraph, id: number | undefined): number {
  if (id === undefined) return 0;
  return graph
    .consumers(id)
    .reduce((sum, each) => sum + (transparent.has(each.kernelName) ? uses(graph, each.outputs[0]) : 1), 0);
}

function onlyConsumer(graph: ForwardGraph, id: number): Operation | undefined {
  const consumers = graph.consumers(id);
  return consumers.length === 1 && consumers[0] !== undefined && feeds(consumers[0], id) ? consumers[0] : undefined;
}

/** Whether a value is what a kernel works on, and is not its weight. */
function feeds(operation: Operation, id: number): boolean {
  return products.has(operation.kernelName) ? input(operation) === id : Object.values(operation.inputs).includes(id);
}

function isMatched(first: TracedVariable, second: TracedVariable): boolean {
  return first.id !== second.id && first.shape[1] === second.shape[0];
}
