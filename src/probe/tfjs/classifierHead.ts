import type { Tensor } from "./engine.ts";
import { type ForwardGraph, input, secondInput } from "./forwardGraph.ts";
import type { TracedLayers } from "./layerActivations.ts";
import type { Operation, TracedVariable } from "./trace/operation.ts";

/** The last layer of a classifier: logits = features·weight + bias, compared with targets by a cross-entropy. */
export interface ClassifierHead {
  /** [examples, features] */
  readonly features: Tensor;
  /** [features, classes] */
  readonly weight: TracedVariable;
  /** [examples, classes] */
  readonly logits: Tensor;
  /** A distribution over classes for each example, [examples, classes]. */
  readonly targets: Tensor;
}

const products = new Set(["BatchMatMul", "_FusedMatMul"]);

/** Undefined where the recorded loss is no cross-entropy over classes of what a plain linear layer gives. */
export function classifierHead({ graph, prediction }: TracedLayers): ClassifierHead | undefined {
  if (prediction?.kind !== "crossEntropy") return undefined;
  const logits = graph.trace.primal(prediction.value);
  const product = productOf(graph, prediction.value);
  const weight = graph.variable(product?.inputs["b"]);
  const [entering] = [product?.inputs["a"]];
  const features = entering === undefined ? undefined : graph.trace.primal(entering);
  const [examples, classes] = logits?.shape ?? [];
  if (logits?.shape.length !== 2 || features === undefined || weight === undefined) return undefined;
  const width = features.shape.at(-1) ?? 0;
  const isPlain =
    features.size === width * (examples ?? 0) &&
    weight.shape.length === 2 &&
    weight.shape[0] === width &&
    weight.shape[1] === classes;
  const targets = targetsOf(graph, prediction.value, logits);
  return isPlain && targets !== undefined ? { features, weight, logits, targets } : undefined;
}

/** The product that the logits are, less a bias. */
function productOf(graph: ForwardGraph, logits: number): Operation | undefined {
  const last = graph.producer(logits);
  const isBiased =
    last !== undefined &&
    ["Add", "AddV2", "BiasAdd"].includes(last.kernelName) &&
    graph.variable(secondInput(last)) !== undefined;
  const product = isBiased ? graph.producer(input(last)) : last;
  return product !== undefined && products.has(product.kernelName) && product.attributes["transposeB"] !== true
    ? product
    : undefined;
}

/** What the log-probabilities are multiplied by: it has their shape, and does not depend on weights. */
function targetsOf(graph: ForwardGraph, logits: number, { size }: Tensor): Tensor | undefined {
  const above = new Set([logits]);
  const learned = new Set(graph.trace.variables.flatMap(({ values }) => values));
  for (const operation of graph.operations) {
    const inputs = Object.values(operation.inputs);
    const isAbove = inputs.some((id) => above.has(id));
    if (isAbove && operation.kernelName === "Multiply") {
      const other = inputs.find((id) => !above.has(id) && !learned.has(id));
      const targets = other === undefined ? undefined : graph.trace.primal(other);
      if (targets?.size === size) return targets;
    }
    for (const id of operation.outputs) {
      if (isAbove) above.add(id);
      if (inputs.some((each) => learned.has(each))) learned.add(id);
    }
  }
  return undefined;
}
