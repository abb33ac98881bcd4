import type { Engine } from "./engine.ts";
import type { Journal } from "./journal.ts";
import type { WeightsFolder } from "./keptWeights.ts";
import { createObservables } from "./observables/createObservables.ts";
import type { Observable } from "./observables/observable.ts";
import {
  effectiveLearningRate,
  optimizerKind,
  optimizerName,
  parameterGroup,
  statedLearningRate,
} from "./optimizerFacts.ts";
import type { Optimizer } from "./optimizerHook.ts";
import type { ProbeSetLimits } from "./probeSet.ts";
import type { TrainingFacts } from "./trainingFacts.ts";

/** One optimizer of the run, or the one that is out of reach. */
export interface KnownOptimizer {
  /** `optimizer-1`, `optimizer-2`, … in the order of their first steps. */
  readonly id: string;
  readonly isFirst: boolean;
  readonly observables: readonly Observable[];
  described: boolean;
  learningRate: number;
  /** Whether the learning rate has been seen to move. */
  moves: boolean;
}

/** The optimizers of a run, written down when they first step and when their learning rate begins to move. */
export class Optimizers {
  readonly #journal: Journal;
  readonly #facts: TrainingFacts;
  readonly #probeSet: ProbeSetLimits | undefined;
  readonly #folder: WeightsFolder | undefined;
  readonly #known = new Map<Optimizer | undefined, KnownOptimizer>();

  constructor(journal: Journal, facts: TrainingFacts, probeSet?: ProbeSetLimits, folder?: WeightsFolder) {
    this.#journal = journal;
    this.#facts = facts;
    this.#probeSet = probeSet;
    this.#folder = folder;
  }

  /** Optimizers that have stepped. */
  get count(): number {
    return this.#known.size;
  }

  get(optimizer: Optimizer | undefined): KnownOptimizer {
    const known = this.#known.get(optimizer);
    if (known !== undefined) return known;
    const count = this.#known.size + 1;
    const made: KnownOptimizer = {
      id: `optimizer-${count}`,
      isFirst: count === 1,
      observables: createObservables(this.#probeSet, count === 1 ? this.#folder : undefined),
      described: false,
      learningRate: Number.NaN,
      moves: false,
    };
    this.#known.set(optimizer, made);
    return made;
  }

  /** Writes an `optimizer` record if this step is its first or its learning rate has begun to move; gives the learning rate. */
  describe(engine: Engine, optimizer: Optimizer, known: KnownOptimizer, parameters: number): number {
    const learningRate = effectiveLearningRate(engine, optimizer);
    const begins = known.described && !known.moves && learningRate !== known.learningRate;
    const isNew = !known.described;
    known.described = true;
    known.learningRate = learningRate;
    if (begins) known.moves = true;
    this.#warnOfIgnoredRate(optimizer, learningRate);
    if (!isNew && !begins) return learningRate;
    if (!known.isFirst) {
      this.#journal.noteOnce(
        "information",
        "several-optimizers",
        "There are several optimizers. Only the first one's steps are measured; of the others', loss and learning rate are recorded.",
      );
    }
    const source = this.#facts.siteOf(optimizer);
    const kind = optimizerKind(optimizer);
    this.#journal.write({
      t: "optimizer",
      step: this.#journal.step,
      id: known.id,
      kind,
      name: kind === "sgd" ? "SGD" : optimizerName(optimizer),
      groups: [parameterGroup(optimizer, learningRate, parameters)],
      schedule: known.moves ? "moves" : "constant",
      ...(source !== undefined && { source }),
    });
    return learningRate;
  }

  /** Where nothing is known but that steps are taken. */
  describeUnknown(known: KnownOptimizer, parameters: number): void {
    if (known.described) return;
    known.described = true;
    this.#journal.write({
      t: "optimizer",
      step: this.#journal.step,
      id: known.id,
      kind: "other",
      name: "unknown optimizer",
      groups: [{ parameters, learningRate: Number.NaN }],
      schedule: "moves",
    });
    this.#journal.noteOnce(
      "warning",
      "unknown-optimizer",
      "Steps are seen, but not by which optimizer and learning rate: the script assigns its variables itself, or brings a bundled copy of TensorFlow.js.",
    );
  }

  #warnOfIgnoredRate(optimizer: Optimizer, effective: number): void {
    const stated = statedLearningRate(optimizer);
    if (!["sgd", "momentum"].includes(optimizerKind(optimizer)) || stated === effective) return;
    this.#journal.noteOnce(
      "warning",
      "learning-rate-ignored",
      `The optimizer's learningRate was set to ${stated}, but it goes on stepping by ${effective}: TensorFlow.js takes a new rate from setLearningRate only.`,
    );
  }
}
