import type { Engine } from "../engine.ts";
import type { ForwardGraph } from "../forwardGraph.ts";
import { degreesOf } from "../homogeneity.ts";
import { tracedLayers, type TracedLayers } from "../layerActivations.ts";
import { layerName } from "../layerName.ts";
import type { TracedVariable } from "../trace/operation.ts";
import { notFinite } from "./layerUpdates.ts";
import { type Observable, type ObservedStep, Unmeasurable } from "./observable.ts";
import { dot, squaredNorm } from "./vectors.ts";

/**
 * `scale/product@layer`: ⟨W, g⟩/(‖W‖·‖g‖) for a layer's weights W and the gradient g that the optimizer was given, where the loss
 * is the same whatever W is multiplied by, because a batch, layer or other normalization follows. It is zero then, but for what keeps
 * the normalization's divisor from zero, so that a step of gradient descent can but lengthen W: ‖W′‖² = ‖W‖² + η²‖g‖² (Kunin et
 * al. 2021, §3 and 4). Where a bias stands before the normalization, W is weights and bias together.
 *
 * Null: 1/√n, the root mean square of the cosine with a random direction in n dimensions.
 */
export function scaleInvariance(): Observable {
  let found: { readonly variables: string; readonly groups: Invariants } | undefined;
  return {
    name: "scale/product",
    price: "cheap",
    record: "measure",
    needsTrace: false,
    needsWeights: true,
    applies: () => found === undefined || found.groups.invariant.length + found.groups.penalized.length > 0,
    measure(step) {
      const { trace, engine } = step;
      const variables = step.variables.join();
      if (trace !== undefined && found?.variables !== variables) {
        found = { variables, groups: invariantGroups(engine, tracedLayers(trace)) };
      }
      if (found?.variables !== variables) return undefined;
      const { invariant, penalized } = found.groups;
      const values: Record<string, number> = {};
      const omitted = penalized.map(
        (layer) =>
          new Unmeasurable(
            "scale-penalized",
            `Scale invariance of ${layer} is not measured: a normalization follows, but the loss also has a penalty on its weights.`,
          ),
      );
      for (const group of invariant) {
        const product = productOf(step, group);
        if (product === undefined) continue;
        if (!Number.isFinite(product.cosine)) {
          omitted.push(notFinite(group.layer));
          continue;
        }
        values[`scale/product@${group.layer}`] = product.cosine;
        values[`scale/product@${group.layer}/null`] = 1 / Math.sqrt(product.size);
      }
      return { values, omitted, method: "of weights before the step and the gradients given to the optimizer" };
    },
  };
}

/** Weights that the loss does not change with when they are scaled together. */
interface Group {
  readonly layer: string;
  readonly variables: readonly TracedVariable[];
}

interface Invariants {
  readonly invariant: readonly Group[];
  /** Layers whose loss would be invariant without a penalty. */
  readonly penalized: readonly string[];
}

function invariantGroups(engine: Engine, { graph, prediction }: TracedLayers): Invariants {
  const invariant: Group[] = [];
  const penalized: string[] = [];
  for (const weight of graph.trace.variables) {
    if (weight.shape.length < 2) continue;
    const layer = layerName(weight.name);
    const bias = biasOf(graph, weight);
    for (const variables of [[weight], ...(bias === undefined ? [] : [[weight, bias]])]) {
      const ids = variables.flatMap(({ values }) => values);
      const degrees = degreesOf(engine, graph, ids);
      if (degrees.get(graph.trace.lossId) === 0) invariant.push({ layer, variables });
      else if (prediction !== undefined && degrees.get(prediction.value) === 0) penalized.push(layer);
      else continue;
      break;
    }
  }
  return { invariant, penalized };
}

/** What is added to the product of a weight. */
function biasOf(graph: ForwardGraph, weight: TracedVariable): TracedVariable | undefined {
  const uses = graph.operations.filter(({ inputs }) =>
    Object.values(inputs).some((id) => graph.variable(id) === weight),
  );
  for (const { inputs, outputs } of uses) {
    const fused = graph.variable(inputs["bias"]);
    if (fused !== undefined) return fused;
    let value = outputs[0];
    for (;;) {
      const consumers = value === undefined ? [] : graph.consumers(value);
      const next = consumers.length === 1 ? consumers[0] : undefined;
      if (next === undefined) break;
      const bias = Object.values(next.inputs)
        .map((id) => graph.variable(id))
        .find((variable) => variable !== undefined);
      if (["Add", "AddV2", "BiasAdd"].includes(next.kernelName) && bias !== undefined) return bias;
      if (next.kernelName !== "Reshape") break;
      value = next.outputs[0];
    }
  }
  return undefined;
}

function productOf(step: ObservedStep, { variables }: Group): { cosine: number; size: number } | undefined {
  let [product, weightSquares, gradientSquares, size] = [0, 0, 0, 0];
  for (const { name } of variables) {
    const [weights, gradient] = [step.weightsBefore(name), step.gradient(name)];
    if (weights === undefined || gradient?.length !== weights.length) return undefined;
    product += dot(weights, gradient);
    weightSquares += squaredNorm(weights);
    gradientSquares += squaredNorm(gradient);
    size += weights.length;
  }
  // A vector of length zero has no direction.
  if (weightSquares === 0 || gradientSquares === 0) return undefined;
  return { cosine: product / Math.sqrt(weightSquares * gradientSquares), size };
}
