import type { ForwardGraph } from "./forwardGraph.ts";
import type { Operation } from "./trace/operation.ts";

/** Kernels that take a part of their first input, as a batch out of all examples. */
const taking = new Set(["GatherNd", "GatherV2", "Slice", "SplitV", "StridedSlice"]);

/** Whether a kernel takes a part of its first input; what else goes in tells which. */
export function takesPart({ kernelName }: Operation): boolean {
  return taking.has(kernelName);
}

/**
 * Which rows of its first input one output of a kernel that takes a part holds, in words that are the same for the same ones; empty
 * where it holds all.
 */
export function rowsTaken(graph: ForwardGraph, { kernelName, inputs, attributes }: Operation, output: number): string {
  const [from = Number.NaN, by] = Object.values(inputs);
  const before = graph.trace.primal(from)?.shape ?? [];
  const of = (name: string) => firstOf(attributes[name]);
  switch (kernelName) {
    case "GatherV2":
      return atStart(of("axis"), before.length) ? `by ${by}; ` : "";
    case "GatherNd":
      return `by ${by}; `;
    case "SplitV":
      return atStart(of("axis"), before.length) ? `part ${output}; ` : "";
    default:
      return before[0] === graph.trace.primal(output)?.shape[0] && kernelName === "Slice"
        ? ""
        : `${JSON.stringify([of("begin"), of("size"), of("end"), of("strides")])}; `;
  }
}

function firstOf(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : value;
}

function atStart(axis: unknown, rank: number): boolean {
  return axis === undefined || axis === 0 || axis === -rank;
}
