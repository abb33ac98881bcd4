import { type ForwardGraph, input, secondInput } from "./forwardGraph.ts";
import type { Operation } from "./trace/operation.ts";

/** Where a loss compares what the model says with what it should say, as the kernels show it. */
export interface Prediction {
  readonly kind: "crossEntropy" | "binaryCrossEntropy" | "meanSquaredError";
  /** Id of the logits; for a squared error, of the squared differences. */
  readonly value: number;
}

/** Kernels that losses put between a softmax and its logarithm, lest that be infinite. */
const guards = new Set(["ClipByValue", "RealDiv", "Maximum", "Add", "AddV2", "Minimum"]);

/** Finds the comparison that is nearest to the loss; undefined where there is none of a known form. */
export function findPrediction(graph: ForwardGraph): Prediction | undefined {
  for (const operation of graph.operations.toReversed()) {
    const found = crossEntropy(graph, operation) ?? binaryCrossEntropy(graph, operation) ?? squared(graph, operation);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** log Σ exp(x − max x), or the logarithm of a softmax. */
function crossEntropy(graph: ForwardGraph, operation: Operation): Prediction | undefined {
  if (operation.kernelName === "LogSoftmax") return prediction("crossEntropy", input(operation));
  if (operation.kernelName !== "Log") return undefined;
  let below = graph.producer(input(operation));
  while (below !== undefined && guards.has(below.kernelName)) below = graph.producer(input(below));
  if (below?.kernelName === "Softmax") return prediction("crossEntropy", input(below));
  if (below?.kernelName !== "Sum") return undefined;
  const shifted = graph.producer(input(graph.producer(input(below))));
  return shifted?.kernelName === "Sub" && graph.producer(secondInput(shifted))?.kernelName === "Max"
    ? prediction("crossEntropy", input(shifted))
    : undefined;
}

/** log(1 + exp(−|x|)), the stable part of a logistic loss. */
function binaryCrossEntropy(graph: ForwardGraph, operation: Operation): Prediction | undefined {
  if (operation.kernelName !== "Log1p") return undefined;
  const negated = graph.producer(input(graph.producer(input(operation))));
  const absolute = graph.producer(input(negated));
  if (negated?.kernelName !== "Neg" || absolute?.kernelName !== "Abs") return undefined;
  return prediction("binaryCrossEntropy", sigmoidArgument(graph, input(absolute)) ?? input(absolute));
}

/** What a compiled model's loss reconstructs from a sigmoid's result y as log(y/(1 − y)). */
function sigmoidArgument(graph: ForwardGraph, logits: number | undefined): number | undefined {
  const logarithm = graph.producer(logits);
  if (logarithm?.kernelName !== "Log") return undefined;
  const ratio = graph.producer(input(logarithm));
  let below = graph.producer(input(ratio));
  while (below !== undefined && guards.has(below.kernelName)) below = graph.producer(input(below));
  return ratio?.kernelName === "RealDiv" && below?.kernelName === "Sigmoid" ? input(below) : undefined;
}

function squared(graph: ForwardGraph, operation: Operation): Prediction | undefined {
  const { kernelName, outputs } = operation;
  const isDifference = (id: number | undefined) => graph.producer(id)?.kernelName === "Sub";
  const found =
    kernelName === "SquaredDifference" ||
    (kernelName === "Square" && isDifference(input(operation))) ||
    (kernelName === "Multiply" && input(operation) === secondInput(operation) && isDifference(input(operation)));
  return found ? prediction("meanSquaredError", outputs[0]) : undefined;
}

function prediction(kind: Prediction["kind"], value: number | undefined): Prediction | undefined {
  return value === undefined ? undefined : { kind, value };
}
