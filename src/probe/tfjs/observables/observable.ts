import type { Measurable, Price } from "../budget.ts";
import type { Engine } from "../engine.ts";
import type { Optimizer } from "../optimizerHook.ts";
import type { Trace } from "../trace/trace.ts";

/** An optimizer step that has just been completed, as observables see it. Vectors are flat and read once. */
export interface ObservedStep {
  readonly engine: Engine;
  /** Undefined where a copy of TensorFlow.js out of reach has done the step. */
  readonly optimizer: Optimizer | undefined;
  /** Optimizer steps completed before this one. */
  readonly step: number;
  /** Seconds that the script itself took since the step before. */
  readonly seconds: number;
  /** The learning rate that was used; NaN where unknown. */
  readonly learningRate: number;
  /** The record of the gradient evaluation, at the weights before the step; only for observables that need one. */
  readonly trace: Trace | undefined;
  /** Whether everything is measured at this step, whatever it costs: what is dear need not be saved up for. */
  readonly isUnlimited: boolean;
  /** Examples in the batch, where known. */
  readonly batch: number | undefined;
  /** Names of the variables that the optimizer was given a gradient for. */
  readonly variables: readonly string[];
  /** The gradient that the optimizer was given. */
  gradient(variable: string): Float32Array | undefined;
  /** Only for observables that need weights. */
  weightsBefore(variable: string): Float32Array | undefined;
  weightsAfter(variable: string): Float32Array | undefined;
}

export interface Measurement {
  readonly values: Readonly<Record<string, number>>;
  /** Bounds on the absolute errors of the values that have one. */
  readonly error?: Readonly<Record<string, number>>;
  /** What was left out of it, told once. */
  readonly omitted?: readonly Unmeasurable[];
  /** Written as `vector` records of the same names. */
  readonly vectors?: Readonly<Record<string, readonly number[]>>;
  readonly method: string;
  /** Examples that it was measured on, where these are not the step's batch. */
  readonly sample?: number;
}

/**
 * Something that is measured at steps that the budget pays for. A new one is a file of its own and a line in `createObservables`.
 * It may keep what helps its next measurement, but no tensors.
 */
export interface Observable {
  /** Names what it owes the budget. */
  readonly name: string;
  /** What it is expected to cost; free, where it is to be measured whenever a step is recorded for others, who pay for it. */
  readonly price: Price | "free";
  /** As `Measurable` has it. */
  readonly leastCost?: number;
  /** Whether its values belong to the step record itself, or to a `measure` record with cost and method. */
  readonly record: "step" | "measure";
  readonly needsTrace: boolean;
  readonly needsWeights: boolean;
  /** Step before which it is not to be measured again; absent where it may be at every step. */
  readonly restsUntil?: number;
  /** Whether it makes sense for this optimizer. */
  applies(optimizer: Optimizer | undefined): boolean;
  /** Undefined where it has nothing to say at this step. Throws `Unmeasurable` where a person should know why. */
  measure(step: ObservedStep): Measurement | undefined;
}

export function isPaid(observable: Observable): observable is Observable & Measurable {
  return observable.price !== "free";
}

/** A measurement that cannot be taken; the reason is told once, and the run goes on without. */
export class Unmeasurable extends Error {
  readonly code: string;
  readonly severity: "information" | "warning";

  /** @param severity information, where nothing is lost by it. */
  constructor(code: string, reason: string, severity: "information" | "warning" = "warning") {
    super(reason);
    this.name = "Unmeasurable";
    this.code = code;
    this.severity = severity;
  }
}
