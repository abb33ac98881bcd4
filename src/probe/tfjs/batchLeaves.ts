import { input, type ForwardGraph } from "./forwardGraph.ts";
import { rowsTaken, takesPart } from "./rowsTaken.ts";
import type { Operation } from "./trace/operation.ts";

/** A value with examples in it, as the evaluation has them. */
export interface BatchLeaf {
  /** Id of what enters from outside. */
  readonly leaf: number;
  /** Id of that itself, or of what the evaluation takes out of it, or out of something computed of it. */
  readonly value: number;
  /** Which of the leaf's rows these are: the same for the same ones. Undefined where part of them is taken in a way that is not followed. */
  readonly rows: string | undefined;
}

type Part = Omit<BatchLeaf, "leaf">;

/**
 * Values with examples in them: what enters from outside and has more than one element, or, where the evaluation takes its batch out of
 * that, or out of what it computed of it before any weight came in, the parts that it takes.
 */
export function batchLeaves(graph: ForwardGraph): readonly BatchLeaf[] {
  const taken = new TakenParts(graph);
  return graph.leaves
    .flatMap((leaf) => taken.of(leaf).map((part) => ({ leaf, ...part })))
    .filter(({ value }) => (graph.trace.primal(value)?.size ?? 0) > 1);
}

/** What is taken of a value before any weight comes in. */
interface Taken {
  /** What stands for the value; undefined where some way to the weights takes nothing. */
  readonly parts: readonly Part[] | undefined;
  /** Whether something is taken at all, and whether other than all rows are. */
  readonly some: boolean;
  readonly rows: boolean;
}

const nothing: Taken = { parts: undefined, some: false, rows: false };

class TakenParts {
  readonly #graph: ForwardGraph;
  readonly #known = new Map<number, Taken>();

  constructor(graph: ForwardGraph) {
    this.#graph = graph;
    // From the last kernel on, so that what a value leads to is known before it.
    const values = [...graph.operations.flatMap(({ outputs }) => outputs).toReversed(), ...graph.leaves];
    for (const id of values) this.#known.set(id, together(graph.consumers(id).map((each) => this.#through(each, id))));
  }

  of(id: number): readonly Part[] {
    const { parts, rows } = this.#known.get(id) ?? nothing;
    return parts ?? [{ value: id, rows: rows ? undefined : "" }];
  }

  /** What is taken of a value by a kernel or behind it. */
  #through(operation: Operation, id: number): Taken {
    if (!this.#graph.isOfData(operation)) return nothing;
    const used = operation.outputs.filter((output) => this.#graph.consumers(output).length > 0);
    const behind = together(used.map((output) => this.#known.get(output) ?? nothing));
    if (movesRows(operation)) return { ...behind, parts: undefined, rows: behind.some };
    if (!takesPart(operation)) return behind;
    // What tells which rows are taken is taken whole.
    if (input(operation) !== id) return nothing;
    const taken = used.map((value) => ({ value, rows: rowsTaken(this.#graph, operation, value) }));
    const parts = taken.flatMap(({ value, rows }) =>
      this.of(value).map((part) => ({ ...part, rows: part.rows === undefined ? undefined : `${rows}${part.rows}` })),
    );
    return { parts, some: true, rows: behind.rows || taken.some(({ rows }) => rows !== "") };
  }
}

function together(several: readonly Taken[]): Taken {
  const parts = new Map<string, Part>();
  for (const part of several.flatMap((each) => each.parts ?? [])) parts.set(`${part.value}: ${part.rows}`, part);
  return {
    parts: several.length > 0 && several.every((each) => each.parts) ? [...parts.values()] : undefined,
    some: several.some(({ some }) => some),
    rows: several.some(({ rows }) => rows),
  };
}

/** Whether the first axis of what comes out is another than that of what goes in, so that no examples are taken behind it. */
function movesRows({ kernelName, attributes }: Operation): boolean {
  const order = attributes["perm"];
  return kernelName === "Unpack" || (kernelName === "Transpose" && Array.isArray(order) && order[0] !== 0);
}
