import type { ObjectiveRecord } from "../record.ts";
import type { Engine, Tensor } from "./engine.ts";
import { type ForwardGraph, input } from "./forwardGraph.ts";
import type { LayersModel } from "./layersHook.ts";
import { layersOf } from "./modelFacts.ts";
import type { Prediction } from "./prediction.ts";

export type ObjectiveFacts = Omit<ObjectiveRecord, "t" | "time" | "step">;

const compiledKinds: ReadonlyMap<string, ObjectiveFacts["kind"]> = new Map<string, ObjectiveFacts["kind"]>([
  ["categoricalCrossentropy", "crossEntropy"],
  ["sparseCategoricalCrossentropy", "crossEntropy"],
  ["binaryCrossentropy", "binaryCrossEntropy"],
  ["meanSquaredError", "meanSquaredError"],
  ["mse", "meanSquaredError"],
  ["MSE", "meanSquaredError"],
]);

/** The objective that a model was compiled with, by its name; undefined where it is a function or there are several. */
export function compiledObjective(model: LayersModel): ObjectiveFacts | undefined {
  const loss: unknown = Array.isArray(model.loss) && model.loss.length === 1 ? model.loss[0] : model.loss;
  if (typeof loss !== "string" || model.outputs?.length !== 1) return undefined;
  const regularized = layersOf(model).some(({ layer }) => (layer.losses ?? []).length > 0);
  const kind = compiledKinds.get(loss) ?? "unknown";
  const sizes = (model.outputs[0]?.shape ?? []).slice(1);
  return {
    kind,
    reduction: kind === "unknown" ? "unknown" : "mean",
    ...outputFacts(
      kind,
      sizes.map((size) => size ?? 0),
    ),
    regularized,
    how: `compiled with loss "${loss}"`,
  };
}

/** The objective as the recorded kernels show it; `reduction` is checked against the loss's own value. */
export function tracedObjective(
  engine: Engine,
  graph: ForwardGraph,
  prediction: Prediction | undefined,
  loss: number,
): ObjectiveFacts {
  const value = prediction === undefined ? undefined : graph.trace.primal(prediction.value);
  if (prediction === undefined || value === undefined) {
    return {
      kind: "unknown",
      reduction: "unknown",
      regularized: false,
      how: "the recorded kernels show no loss of a known form; whether weights are penalized is not known either",
    };
  }
  const { kind } = prediction;
  const terms = kind === "meanSquaredError" ? value : firstManyValued(graph);
  const summed = terms === undefined ? undefined : total(engine, terms);
  const count = kind === "crossEntropy" ? value.size / (value.shape.at(-1) ?? 1) : (terms?.size ?? Number.NaN);
  return {
    kind,
    reduction: summed === undefined ? "unknown" : reductionOf(loss, Math.abs(summed), count),
    ...outputFacts(kind, value.shape.slice(1)),
    regularized: graph.bypasses(prediction.value),
    how: "read off the recorded kernels",
  };
}

function outputFacts(kind: ObjectiveFacts["kind"], sizes: readonly number[]): { classes?: number; outputs?: number } {
  const last = sizes.at(-1) ?? 0;
  if (kind === "crossEntropy" && last > 1) return { classes: last };
  const outputs = sizes.reduce((product, size) => product * size, 1);
  return kind === "meanSquaredError" && outputs > 0 ? { outputs } : {};
}

/** Losses are float32 sums; a different reduction is off by a whole factor. */
const reductionTolerance = 1e-3;

function reductionOf(loss: number, sum: number, count: number): ObjectiveFacts["reduction"] {
  const near = (value: number) => Math.abs(loss - value) <= reductionTolerance * Math.abs(value);
  if (near(sum / count)) return "mean";
  return near(sum) ? "sum" : "unknown";
}

/** What is reduced to the loss, looking through scalar kernels. */
function firstManyValued(graph: ForwardGraph): Tensor | undefined {
  let id: number | undefined = graph.trace.lossId;
  while (id !== undefined) {
    const value = graph.trace.primal(id);
    if (value === undefined || value.size > 1) return value;
    id = input(graph.producer(id));
  }
  return undefined;
}

function total(engine: Engine, tensor: Tensor): number {
  return Array.from(engine.readSync(tensor.dataId)).reduce((sum, each) => sum + each, 0);
}
