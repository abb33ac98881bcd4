/** The functions and the classes of one section of the text, and what was found when nobody was seen to call them. */
import type { LossSketch } from "../sketch/trainingSketch.ts";
import type { ClassObject } from "./classObject.ts";
import type { Closure } from "./closure.ts";
import type { FoundModel, FoundOptimizer, FoundTraining } from "./found.ts";
import type { Section } from "./section.ts";
import type { Watch } from "./watch.ts";

/** What is said of the whole script, and why. */
export interface Flags {
  modelsChanged?: string | undefined;
  weightsChanged?: string | undefined;
  stopped?: string | undefined;
}

/** All that was found, in its order. */
export interface FoundParts {
  readonly models: readonly FoundModel[];
  readonly optimizers: readonly FoundOptimizer[];
  readonly losses: readonly LossSketch[];
  readonly trainings: readonly FoundTraining[];
}

export interface Group {
  readonly section: Section;
  readonly functions: Map<number, Closure>;
  readonly classes: ClassObject[];
  /** The places of the functions and classes with which it begins. */
  readonly roots: readonly number[];
  flags: Flags;
  /** Expressions and statements that were followed. */
  steps: number;
  watch: Watch | undefined;
}

/** What each of the groups says first is said of the script. */
export function joinFlags(one: Flags, other: Flags): Flags {
  return {
    modelsChanged: one.modelsChanged ?? other.modelsChanged,
    weightsChanged: one.weightsChanged ?? other.weightsChanged,
    stopped: one.stopped ?? other.stopped,
  };
}
