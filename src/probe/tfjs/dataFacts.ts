import type { DataRecord } from "../record.ts";
import { batchLeaves } from "./batchLeaves.ts";
import { dataOrigins } from "./dataOrigins.ts";
import type { ForwardGraph } from "./forwardGraph.ts";
import type { FitArguments } from "./layersHook.ts";

export type DataFacts = Omit<DataRecord, "t" | "time" | "step">;

/** tfjs-layers' own default. */
const defaultBatch = 32;

/** Data as given to a model's `fit`; undefined where the inputs are not tensors. */
export function fitDataFacts(inputs: unknown, args: FitArguments | undefined): DataFacts | undefined {
  const given = leadingSize(inputs);
  if (given === undefined) return undefined;
  const examples = Math.floor(given * (1 - (args?.validationSplit ?? 0)));
  if (examples < 1) return undefined;
  const batch = Math.min(args?.batchSize ?? defaultBatch, examples);
  return { examples, batch, fullBatch: batch === examples, how: "from the arguments of fit" };
}

function leadingSize(inputs: unknown): number | undefined {
  if (typeof inputs !== "object" || inputs === null) return undefined;
  if ("shape" in inputs && Array.isArray(inputs.shape)) return Number(inputs.shape[0]);
  return leadingSize(Object.values(inputs)[0]);
}

/**
 * Batch size of a recorded evaluation: the leading size that most of what enters it has; undefined where that is not clear. What the
 * evaluation takes several batches out of counts for none.
 */
export function tracedBatch(graph: ForwardGraph): number | undefined {
  const votes = new Map<number, number>();
  for (const parts of Map.groupBy(batchLeaves(graph), ({ leaf }) => leaf).values()) {
    const [size, ...others] = new Set(parts.map(({ value }) => leadingOf(graph, value)));
    const [rows, ...otherRows] = new Set(parts.map((part) => part.rows));
    if (size === undefined || rows === undefined || others.length + otherRows.length > 0) continue;
    votes.set(size, (votes.get(size) ?? 0) + 1);
  }
  const [first, second] = [...votes].toSorted(([, a], [, b]) => b - a);
  return first === undefined || first[1] === second?.[1] ? undefined : first[0];
}

function leadingOf(graph: ForwardGraph, value: number): number {
  return graph.trace.primal(value)?.shape[0] ?? 0;
}

/** Finds out whether every step sees the same batch, from the buffers that enter recorded evaluations. */
export class BatchIdentity {
  readonly #names = new WeakMap<object, string>();
  #named = 0;
  #lasting: readonly string[] | undefined;
  #taken: string | undefined;
  #seen = 0;

  /** Recorded evaluations compared so far. */
  get seen(): number {
    return this.#seen;
  }

  /**
   * True once three recorded evaluations have read the very same buffers; else undefined, for not known.
   * What is made anew at each step, as a dropout mask is, does not count where inputs and targets stay the same.
   */
  take(graph: ForwardGraph, batch: number): true | undefined {
    const origins = dataOrigins(graph, (dataId) => this.#nameOf(dataId));
    const leaves = batchLeaves(graph).map(({ value }) => ({ value, origin: origins.of(value) ?? "" }));
    const present = new Set(leaves.map(({ origin }) => origin));
    const examples = leaves.filter(({ value }) => leadingOf(graph, value) === batch).map(({ origin }) => origin);
    this.#taken ??= origins.taken;
    // Other rows than before: what they were taken from may well be the same, and never is the batch any more.
    if (origins.taken !== this.#taken) this.#lasting = [];
    this.#lasting = (this.#lasting ?? examples).filter((origin) => present.has(origin));
    this.#seen++;
    const lasting = new Set(this.#lasting).size;
    const isWhole = lasting >= 2 || (lasting > 0 && lasting === new Set(examples).size);
    return this.#seen >= 3 && isWhole ? true : undefined;
  }

  #nameOf(dataId: object): string {
    let name = this.#names.get(dataId);
    if (name === undefined) this.#names.set(dataId, (name = `${this.#named++}`));
    return name;
  }
}
