import type { DataRecord } from "../record.ts";
import { batchLeaves } from "./batchLeaves.ts";
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

/** Batch size of a recorded evaluation: the leading size that most of what enters it has; undefined where that is not clear. */
export function tracedBatch(graph: ForwardGraph): number | undefined {
  const votes = new Map<number, number>();
  for (const { shape } of batchLeaves(graph, () => "")) {
    const size = shape[0] ?? 0;
    votes.set(size, (votes.get(size) ?? 0) + 1);
  }
  const [first, second] = [...votes].toSorted(([, a], [, b]) => b - a);
  return first === undefined || first[1] === second?.[1] ? undefined : first[0];
}

/** Finds out whether every step sees the same batch, from the buffers that enter recorded evaluations. */
export class BatchIdentity {
  readonly #names = new WeakMap<object, string>();
  #named = 0;
  #lasting: readonly string[] | undefined;
  #seen = 0;

  /** Recorded evaluations compared so far. */
  get seen(): number {
    return this.#seen;
  }

  /**
   * True once three recorded evaluations have read the very same buffers; else undefined, for not known.
   * What is made anew at each step, as a dropout mask is, does not count where inputs and targets stay the same.
   */
  take(graph: ForwardGraph): true | undefined {
    const batch = tracedBatch(graph);
    const leaves = batchLeaves(graph, (dataId) => this.#nameOf(dataId));
    const present = new Set(leaves.map(({ origin }) => origin));
    const examples = leaves.filter(({ shape }) => shape[0] === batch).map(({ origin }) => origin);
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
