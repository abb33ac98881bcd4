import { tracedBatch } from "./dataFacts.ts";
import type { Engine } from "./engine.ts";
import { freeMemory } from "./freeMemory.ts";
import { tracedLayers } from "./layerActivations.ts";
import { layerInputs } from "./layerInputs.ts";
import { mostReplayBytes } from "./observables/initialWeights.ts";
import { type ObservedStep, Unmeasurable } from "./observables/observable.ts";
import { squaredNorm } from "./observables/vectors.ts";
import { equalLeaves, sameExamples, sameShapes } from "./sameExamples.ts";
import { DetachedTrace, type Leaf, UndetachableError } from "./trace/detachedTrace.ts";
import type { Trace } from "./trace/trace.ts";

/** How much is kept at most. */
export interface ProbeSetLimits {
  readonly batches: number;
  /** Of the batches' inputs, labels and masks. */
  readonly bytes: number;
}

const defaultProbeSetLimits: ProbeSetLimits = { batches: 4, bytes: 256 * 1024 ** 2 };

/** From the settings as the launcher hands them on; what is missing or no number is as by default. */
export function probeSetLimits(batches: string | undefined, bytes: string | undefined): ProbeSetLimits {
  const numberOf = (text: string | undefined, fallback: number) => {
    const value = text === undefined || text.trim() === "" ? Number.NaN : Number(text);
    return value >= 0 ? value : fallback;
  };
  return {
    batches: numberOf(batches, defaultProbeSetLimits.batches),
    bytes: numberOf(bytes, defaultProbeSetLimits.bytes),
  };
}

/** Recorded steps in a row that bring no new batch, after which none is expected. */
const patience = 8;
/** Relative to the recorded gradient: kernels give the same bits again, or nearly so. */
const replayTolerance = 1e-4;

interface KeptBatch {
  readonly detached: DetachedTrace;
  readonly leaves: DetachedTrace["leaves"];
  /** Undefined where it is not clear what holds the examples. */
  readonly examples: number | undefined;
  /** Ids of the leaves by which examples are told apart; empty where that is not clear. */
  readonly inputs: readonly number[];
  /** Bytes that an evaluation of it holds. */
  readonly replayBytes: number;
}

/**
 * A few batches of the run, kept to follow quantities on the same data while training goes on: the first that differ among the
 * recorded ones, all of the first one's shape. What the script drew for them, as dropout masks, is kept with them. Where the script
 * changes its variables, the set is begun anew.
 *
 * Nothing should be reported of the whole set before it is complete, for it would be of other data at each step.
 */
export class ProbeSet {
  readonly #limits: ProbeSetLimits;
  #kept: KeptBatch[] = [];
  #variables: string | undefined;
  #bytes = 0;
  #isFull = false;
  #differ = false;
  #inVain = 0;
  #lastStep: number | undefined;
  #failure: Unmeasurable | undefined;

  constructor(limits: ProbeSetLimits = defaultProbeSetLimits) {
    this.#limits = limits;
  }

  /** Whether no batch will be added any more. */
  get isComplete(): boolean {
    return this.#isFull || (this.#kept.length > 0 && this.#inVain >= patience);
  }

  /** Whether the steps' batches are not all the same; undefined while that is not known. */
  get batchesDiffer(): boolean | undefined {
    if (this.#differ) return true;
    return this.#kept.length > 0 && this.#inVain >= patience ? false : undefined;
  }

  /** Whether looking at more steps would change nothing. */
  get isSettled(): boolean {
    return this.isComplete && this.batchesDiffer !== undefined;
  }

  /** Examples in each batch, where known. */
  get batchSize(): number | undefined {
    return this.#kept[0]?.examples;
  }

  /** Examples in all batches, where known. */
  get examples(): number | undefined {
    return this.batchSize === undefined ? undefined : this.batchSize * this.#kept.length;
  }

  /** What enters the layers of each batch from outside, its examples one after the other; undefined where that is not clear. */
  get inputs(): readonly (readonly Leaf[])[] | undefined {
    const found = this.#kept.map(({ inputs, leaves }) => inputs.flatMap((id) => leaves.get(id) ?? []));
    return found.every((each) => each.length > 0) ? found : undefined;
  }

  /**
   * Looks at the step's batch, once however often it is called, and keeps a copy if the set wants one.
   *
   * @throws Unmeasurable where no batch can be kept.
   */
  look({ engine, step }: ObservedStep, trace: Trace): void {
    const variables = trace.variables.map(({ id, shape }) => `${id}:${shape.join("×")}`).join();
    if (variables !== (this.#variables ??= variables)) {
      this.#reset(variables);
      this.#lastStep = step;
      throw new Unmeasurable(
        "probe-set-anew",
        "The trained variables are others than before: the batches kept to be measured again are given up, and new ones are kept from now on.",
      );
    }
    if (step !== this.#lastStep && this.#failure === undefined) this.#consider(engine, trace);
    this.#lastStep = step;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Hands over the first batch's evaluation at these weights, flat, and frees it; undefined where there is none. */
  onFirst<T>(engine: Engine, weights: ArrayLike<number>, use: (trace: Trace) => T): T | undefined {
    return this.onEach(engine, weights, use, 1)[0];
  }

  /** Hands over one batch's evaluation after the other. */
  onEach<T>(engine: Engine, weights: ArrayLike<number>, use: (trace: Trace) => T, most = Infinity): T[] {
    const some = this.#kept.slice(0, most);
    requireRoom(some.slice(0, 1));
    return some.map(({ detached }) => {
      const trace = detached.at(engine, weights);
      try {
        return use(trace);
      } finally {
        trace.dispose();
      }
    });
  }

  /** Hands over all batches' evaluations at once. */
  onAll<T>(engine: Engine, weights: ArrayLike<number>, use: (traces: readonly Trace[]) => T): T {
    requireRoom(this.#kept);
    const traces: Trace[] = [];
    try {
      for (const { detached } of this.#kept) traces.push(detached.at(engine, weights));
      return use(traces);
    } finally {
      for (const trace of traces) trace.dispose();
    }
  }

  /** Mean of the loss over the batches. */
  loss(engine: Engine, weights: ArrayLike<number>): number {
    requireRoom(this.#kept.slice(0, 1));
    const losses = this.#kept.map(({ detached }) => detached.loss(engine, weights));
    return losses.reduce((sum, each) => sum + each, 0) / losses.length;
  }

  /** What a measurement is of, in words; of the first batch, or of all. */
  describe(of: "first" | "all"): string {
    const count = of === "first" ? 1 : this.#kept.length;
    const each = this.batchSize;
    return `on ${count} kept ${count === 1 ? "batch" : "batches"}${each === undefined ? "" : ` of ${each} examples`}, with recorded dropout masks and the batch's own statistics`;
  }

  #reset(variables: string | undefined): void {
    this.#variables = variables;
    this.#kept = [];
    this.#bytes = 0;
    this.#isFull = false;
    this.#differ = false;
    this.#inVain = 0;
    this.#failure = undefined;
  }

  #consider(engine: Engine, trace: Trace): void {
    if (this.isSettled || !Number.isFinite(squaredNorm(trace.gradient()))) return;
    try {
      const candidate = candidateOf(engine, trace);
      const [first] = this.#kept;
      const isKnown = this.#kept.some((kept) => sameExamples(entering(kept), entering(candidate)));
      if (first !== undefined && !isKnown) this.#differ = true;
      const isFit = first === undefined || sameShapes(entering(first), entering(candidate));
      if (this.#isFull || isKnown || !isFit) this.#inVain++;
      else this.#keep(engine, trace, candidate);
    } catch (error) {
      this.#failure = failureOf(error);
      this.#kept = [];
    }
  }

  #keep(engine: Engine, trace: Trace, candidate: KeptBatch): void {
    const [first] = this.#kept;
    const shared = [...(first?.leaves.values() ?? [])];
    const leaves = new Map(
      [...candidate.leaves].map(([id, leaf], index) => {
        const other = shared[index];
        return [id, other !== undefined && equalLeaves(leaf, other) ? other : leaf];
      }),
    );
    const own = [...leaves.values()].filter((leaf) => !shared.includes(leaf));
    const bytes = this.#bytes + own.reduce((sum, { elements }) => sum + elements.byteLength, 0);
    const isTooMuch =
      bytes > this.#limits.bytes ||
      candidate.replayBytes * (this.#kept.length + 1) > roomForReplays() ||
      this.#limits.batches < 1;
    if (isTooMuch && first === undefined) throw tooLarge(bytes, this.#limits);
    this.#isFull = isTooMuch || this.#kept.length + 1 >= this.#limits.batches;
    if (isTooMuch) return;
    const detached = candidate.detached.sharing(leaves);
    checkReplay(engine, trace, detached);
    this.#kept.push({ ...candidate, detached, leaves });
    this.#bytes = bytes;
    this.#inVain = 0;
  }
}

function candidateOf(engine: Engine, trace: Trace): KeptBatch {
  const detached = DetachedTrace.of(engine, trace);
  const layers = tracedLayers(trace);
  const examples = tracedBatch(layers.graph);
  return {
    detached,
    leaves: detached.leaves,
    examples,
    inputs: layerInputs(layers, detached.leaves, examples),
    replayBytes: trace.bytesHeld,
  };
}

/** Bytes of activations that measuring on the set may take. */
function roomForReplays(): number {
  return Math.min(mostReplayBytes, freeMemory() / 2);
}

function requireRoom(together: readonly KeptBatch[]): void {
  if (together.reduce((sum, { replayBytes }) => sum + replayBytes, 0) <= roomForReplays()) return;
  throw new Unmeasurable(
    "probe-set-room",
    "The probe set was not measured at some steps: its activations would take more than half of the memory that is free.",
  );
}

function entering({ leaves, examples }: KeptBatch) {
  return { leaves: [...leaves.values()], examples };
}

/** That the copy gives at the same weights what was recorded, before anything is believed of it at others. */
function checkReplay(engine: Engine, trace: Trace, detached: DetachedTrace): void {
  const replayed = detached.at(engine, trace.weights());
  try {
    const [recorded, again] = [trace.gradient(), replayed.gradient()];
    const difference = Math.sqrt(squaredNorm(recorded.map((each, index) => each - (again[index] ?? 0))));
    if (difference <= replayTolerance * Math.sqrt(squaredNorm(recorded))) return;
  } finally {
    replayed.dispose();
  }
  throw new Unmeasurable(
    "probe-set-differs",
    "No batch is kept to be measured again: evaluated once more at the same weights, it gives another gradient.",
  );
}

function tooLarge(bytes: number, limits: ProbeSetLimits): Unmeasurable {
  const megabytes = (value: number) => (value / 1024 ** 2).toFixed(1);
  return new Unmeasurable(
    "probe-set-memory",
    limits.batches < 1
      ? "No batch is kept to be measured again, as the probe set's limit is none."
      : `No batch is kept to be measured again: one takes ${megabytes(bytes)} MiB of the ${megabytes(limits.bytes)} MiB that the probe set may take, or its activations take more than ${megabytes(roomForReplays())} MiB. Raise the probe set's limit to have one kept.`,
  );
}

function failureOf(error: unknown): Unmeasurable {
  if (error instanceof Unmeasurable) return error;
  if (error instanceof UndetachableError) {
    return new Unmeasurable("probe-set-unkept", `No batch is kept to be measured again: ${error.message}.`);
  }
  throw error;
}
