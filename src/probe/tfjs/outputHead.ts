import type { Tensor } from "./engine.ts";
import { type ForwardGraph, input, secondInput } from "./forwardGraph.ts";
import type { TracedLayers } from "./layerActivations.ts";
import type { Operation, TracedVariable } from "./trace/operation.ts";

/** The last layer of a network, outputs = features·weight + bias, and what the loss compares the outputs with. */
export interface OutputHead {
  /** Product of features and weight. */
  readonly product: Operation;
  readonly weight: TracedVariable;
  /** [examples, features] */
  readonly features: Tensor;
  /** Whether weights have had a part in them: the inputs of a single layer are no features. */
  readonly areLearned: boolean;
  /** [examples, outputs] */
  readonly outputs: Tensor;
  /** By which the outputs at other weights are found. */
  readonly outputsId: number;
  /** As many numbers as there are outputs: a distribution over classes for each example, or the values to be met. */
  readonly targets: Tensor;
}

const products = new Set(["BatchMatMul", "_FusedMatMul"]);

/** Undefined where the loss is not of a known form, or what it compares is not given by a plain linear layer. */
export function outputHead({ graph, prediction }: TracedLayers): OutputHead | undefined {
  if (prediction === undefined) return undefined;
  const learned = learnedValues(graph);
  const compared =
    prediction.kind === "meanSquaredError"
      ? difference(graph, prediction.value, learned)
      : { outputs: prediction.value, targets: labels(graph, prediction.value, learned) };
  const product = productOf(graph, compared?.outputs);
  const weight = graph.variable(product?.inputs["b"]);
  if (product === undefined || compared?.outputs === undefined || compared.targets === undefined) return undefined;
  if (weight?.shape.length !== 2) return undefined;
  const outputsId = compared.outputs;
  const [features, outputs, targets] = [product.inputs["a"], outputsId, compared.targets].map((id) =>
    id === undefined ? undefined : graph.trace.primal(id),
  );
  const [width = 0, units = 0] = weight.shape;
  const examples = outputs?.shape[0] ?? 0;
  const areLearned = learned.has(product.inputs["a"] ?? NaN);
  const isMatrix = outputs?.shape[1] === units && outputs.size === examples * units;
  const isPlain = isMatrix && features?.size === examples * width;
  return isPlain && targets?.size === outputs.size
    ? { product, weight, features, areLearned, outputs, outputsId, targets }
    : undefined;
}

function learnedValues(graph: ForwardGraph): ReadonlySet<number> {
  const learned = new Set(graph.trace.variables.flatMap(({ values }) => values));
  for (const operation of graph.operations) {
    if (Object.values(operation.inputs).some((id) => learned.has(id)))
      for (const id of operation.outputs) learned.add(id);
  }
  return learned;
}

/** What a squared error takes the difference of. */
function difference(graph: ForwardGraph, squares: number, learned: ReadonlySet<number>) {
  const square = graph.producer(squares);
  const subtraction = square?.kernelName === "SquaredDifference" ? square : graph.producer(input(square));
  const sides = [input(subtraction), secondInput(subtraction)].filter((id) => id !== undefined);
  const outputs = sides.find((id) => learned.has(id));
  return outputs === undefined ? undefined : { outputs, targets: sides.find((id) => !learned.has(id)) };
}

/** What is multiplied by logits, or by their logarithmic probabilities: it has their size, and does not depend on weights. */
function labels(graph: ForwardGraph, logits: number, learned: ReadonlySet<number>): number | undefined {
  const size = graph.trace.primal(logits)?.size;
  const above = new Set([logits]);
  for (const operation of graph.operations) {
    const inputs = Object.values(operation.inputs);
    if (!inputs.some((id) => above.has(id))) continue;
    const other = inputs.find((id) => !learned.has(id));
    if (operation.kernelName === "Multiply" && other !== undefined && graph.trace.primal(other)?.size === size)
      return other;
    for (const id of operation.outputs) above.add(id);
  }
  return undefined;
}

/** The product that the outputs are, less a bias. */
function productOf(graph: ForwardGraph, outputs: number | undefined): Operation | undefined {
  const last = graph.producer(outputs);
  const isBiased =
    last !== undefined &&
    ["Add", "AddV2", "BiasAdd"].includes(last.kernelName) &&
    graph.variable(secondInput(last)) !== undefined;
  const product = isBiased ? graph.producer(input(last)) : last;
  const { transposeA, transposeB, activation } = product?.attributes ?? {};
  const isPlain = transposeA !== true && transposeB !== true && (activation === undefined || activation === "linear");
  return product !== undefined && products.has(product.kernelName) && isPlain ? product : undefined;
}
