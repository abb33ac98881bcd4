import { createHash } from "node:crypto";
import type { ForwardGraph } from "./forwardGraph.ts";
import { takesPart } from "./rowsTaken.ts";
import type { Operation } from "./trace/operation.ts";

/** Where values come from that no weight has changed: by which kernels out of which buffers. */
export interface DataOrigins {
  /** The same for the same examples, whatever numbers they were multiplied with or moved by. */
  of(id: number): string | undefined;
  /** Of all that was taken out of something. */
  readonly taken: string;
}

/** @param nameOf gives each buffer a name of its own. */
export function dataOrigins(graph: ForwardGraph, nameOf: (dataId: object) => string): DataOrigins {
  const exact = new Map<number, string>();
  const examples = new Map<number, string>();
  for (const id of graph.leaves) {
    const tensor = graph.trace.primal(id);
    const name = tensor === undefined ? "unknown" : nameOf(tensor.dataId);
    exact.set(id, name);
    // A number that a script writes into its loss is another buffer each time.
    examples.set(id, tensor?.size === 1 ? "a number" : name);
  }
  const taken: string[] = [];
  for (const operation of graph.operations) {
    if (!graph.isOfData(operation)) continue;
    const inputs = Object.values(operation.inputs);
    const all = inputs.map((id) => exact.get(id));
    // Which rows are taken is told by numbers.
    const some = inputs.map((id, index) => (takesPart(operation) && index > 0 ? exact : examples).get(id));
    operation.outputs.forEach((id, index) => {
      exact.set(id, nameOfOutput(operation, all, index));
      examples.set(id, nameOfOutput(operation, some, index));
      if (takesPart(operation)) taken.push(examples.get(id) ?? "");
    });
  }
  return { of: (id) => examples.get(id), taken: taken.join() };
}

function nameOfOutput(
  { kernelName, attributes }: Operation,
  inputs: readonly (string | undefined)[],
  index: number,
): string {
  return createHash("sha256")
    .update(JSON.stringify([kernelName, attributes, inputs, index]))
    .digest("base64");
}
