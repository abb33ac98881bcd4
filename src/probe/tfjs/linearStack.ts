import { type ForwardGraph, handsOn, input, secondInput } from "./forwardGraph.ts";
import type { TracedLayers } from "./layerActivations.ts";
import { outputHead, type OutputHead } from "./outputHead.ts";
import type { Operation, TracedVariable } from "./trace/operation.ts";

/** A network that is nothing but products, x ↦ x·W₁·…·W_L, with biases or without, under a squared error. */
export interface LinearStack {
  /** From inputs to outputs, each of shape [units before, units]. */
  readonly weights: readonly TracedVariable[];
  /** Whether the last layer has a bias, so that means are fitted apart from the rest. */
  readonly isBiased: boolean;
  /** Id of what enters, with a row for each example. */
  readonly inputs: number;
  readonly head: OutputHead;
}

const products = new Set(["BatchMatMul", "_FusedMatMul"]);
const additions = new Set(["Add", "AddV2", "BiasAdd"]);

/** Undefined where there is anything else between inputs and outputs, or biases, but none in the last layer. */
export function linearStack(layers: TracedLayers): LinearStack | undefined {
  const { graph, prediction } = layers;
  const head = outputHead(layers);
  if (head === undefined || prediction?.kind !== "meanSquaredError") return undefined;
  const weights = [head.weight];
  const isBiased = hasBias(graph, head.product);
  let value = head.product.inputs["a"];
  for (;;) {
    const below = value === undefined ? undefined : layerBelow(graph, value);
    if (below === undefined) break;
    if (below === "other" || (hasBias(graph, below.product) && !isBiased)) return undefined;
    weights.unshift(below.weight);
    value = below.product.inputs["a"];
  }
  const isLeaf = value !== undefined && graph.producer(value) === undefined && graph.variable(value) === undefined;
  const isUnshared = new Set(weights).size === weights.length && weights.every(({ values }) => values.length === 1);
  return isLeaf && isUnshared && value !== undefined ? { weights, isBiased, inputs: value, head } : undefined;
}

/** What a value is the result of: undefined where it enters from outside. */
function layerBelow(graph: ForwardGraph, value: number) {
  const last = graph.producer(value);
  if (last === undefined) return undefined;
  const isBiased = additions.has(last.kernelName) && graph.variable(secondInput(last)) !== undefined;
  const product = isBiased ? graph.producer(input(last)) : last;
  const weight = graph.variable(product?.inputs["b"]);
  if (product === undefined || weight?.shape.length !== 2 || !isPlain(product)) return "other";
  return { product, weight };
}

function isPlain({ kernelName, attributes }: Operation): boolean {
  const { transposeA, transposeB, activation } = attributes;
  const isLinear = activation === undefined || activation === "linear";
  return products.has(kernelName) && transposeA !== true && transposeB !== true && isLinear;
}

function hasBias(graph: ForwardGraph, { inputs, outputs }: Operation): boolean {
  return inputs["bias"] !== undefined || isAddedTo(graph, outputs[0]);
}

function isAddedTo(graph: ForwardGraph, value: number | undefined): boolean {
  if (value === undefined) return false;
  return graph.consumers(value).some((next) => {
    if (handsOn(next)) return isAddedTo(graph, next.outputs[0]);
    return additions.has(next.kernelName) && graph.variable(secondInput(next)) !== undefined;
  });
}
