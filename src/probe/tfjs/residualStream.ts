import type { ForwardGraph } from "./forwardGraph.ts";
import type { Operation } from "./trace/operation.ts";

const additions = new Set(["Add", "AddV2"]);

/**
 * Ids of the values before the first residual block and after each of them: a block adds to a value what weights have made of it. Of
 * several such streams the longest; empty where there is none.
 */
export function residualStream(graph: ForwardGraph): readonly number[] {
  const places = new Map(graph.operations.map((operation, place) => [operation, place]));
  const streams: { readonly values: number[]; last: Operation }[] = [];
  for (const operation of graph.operations) {
    const [output] = operation.outputs;
    const before = additions.has(operation.kernelName) ? skipped(graph, places, operation) : undefined;
    if (before === undefined || output === undefined) continue;
    const producer = graph.producer(before);
    const known = streams.find(({ last }) => last === producer);
    if (known === undefined) streams.push({ values: [before, output], last: operation });
    else {
      known.values.push(output);
      known.last = operation;
    }
  }
  return streams.reduce<readonly number[]>((most, { values }) => (values.length > most.length ? values : most), []);
}

/** Which of a sum's two values the other was made of by weights; undefined where neither. */
function skipped(graph: ForwardGraph, places: ReadonlyMap<Operation, number>, sum: Operation): number | undefined {
  const [one, other, ...more] = Object.values(sum.inputs);
  if (one === undefined || other === undefined || more.length > 0) return undefined;
  const shapes = [one, other].map((id) => graph.trace.primal(id)?.shape.join());
  if (shapes[0] !== shapes[1] || graph.variable(one) !== undefined || graph.variable(other) !== undefined) {
    return undefined;
  }
  const isMadeOf = (value: number, origin: number) => {
    const start = graph.producer(origin);
    const [first, end] = [start === undefined ? 0 : (places.get(start) ?? 0) + 1, places.get(sum) ?? 0];
    return madeByWeights(graph, graph.operations.slice(first, end), origin).has(value);
  };
  return isMadeOf(other, one) ? one : isMadeOf(one, other) ? other : undefined;
}

/** Values among the results of some kernels in a row that depend on a value by way of weights. */
function madeByWeights(graph: ForwardGraph, operations: readonly Operation[], origin: number): ReadonlySet<number> {
  const [reached, weighted] = [new Set([origin]), new Set<number>()];
  for (const { inputs, outputs } of operations) {
    const ids = Object.values(inputs);
    if (!ids.some((id) => reached.has(id))) continue;
    const isWeighted = ids.some((id) => weighted.has(id) || (graph.variable(id)?.shape.length ?? 0) >= 2);
    for (const id of outputs) {
      reached.add(id);
      if (isWeighted) weighted.add(id);
    }
  }
  return weighted;
}
