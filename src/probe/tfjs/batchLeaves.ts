import type { Tensor } from "./engine.ts";
import { input, type ForwardGraph } from "./forwardGraph.ts";
import type { Operation } from "./trace/operation.ts";

/** A tensor with examples in it, as the evaluation has them. */
export interface BatchLeaf {
  readonly shape: readonly number[];
  /** The buffers that it is made of, and how: of the same numbers where it is the same and they are. */
  readonly origin: string;
}

/** Kernels that take a part of their first input, as a batch out of all examples. */
const selecting = new Set(["GatherV2", "GatherNd", "Slice", "StridedSlice"]);

/**
 * Tensors with examples in them: what enters from outside and has more than one element, or, where the evaluation takes but parts of it, these. Names of
 * buffers are given by `nameOf`.
 */
export function batchLeaves(graph: ForwardGraph, nameOf: (dataId: object) => string): readonly BatchLeaf[] {
  return graph.leaves
    .flatMap((id) => partsOf(graph, id, nameOf))
    .filter(({ shape }) => shape.length > 0 && shape.reduce((size, extent) => size * extent, 1) > 1);
}

function partsOf(graph: ForwardGraph, id: number, nameOf: (dataId: object) => string): readonly BatchLeaf[] {
  const tensor = graph.trace.primal(id);
  if (tensor === undefined) return [];
  const name = nameOf(tensor.dataId);
  const taken = graph.consumers(id);
  const isTakenApart = taken.length > 0 && taken.every((each) => input(each) === id && selecting.has(each.kernelName));
  if (!isTakenApart) return [{ shape: tensor.shape, origin: name }];
  return taken.flatMap((each) => selected(graph, each, name, nameOf));
}

function selected(
  graph: ForwardGraph,
  operation: Operation,
  from: string,
  nameOf: (dataId: object) => string,
): readonly BatchLeaf[] {
  const others = Object.values(operation.inputs).slice(1);
  const by = others.map((id) => nameOf(graph.trace.primal(id)?.dataId ?? operation));
  const [part] = operation.outputs;
  const tensor: Tensor | undefined = part === undefined ? undefined : graph.trace.primal(part);
  if (tensor === undefined) return [];
  const origin = JSON.stringify([from, operation.kernelName, operation.attributes, by]);
  return [{ shape: tensor.shape, origin }];
}
