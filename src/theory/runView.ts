import type { DataFacts, EndFacts, ModelFacts, ObjectiveFacts, OptimizerFacts } from "./facts.ts";

/** One observable over the steps seen so far. The three columns have one length; steps never decrease. */
export interface Series {
  readonly length: number;
  stepAt(index: number): number;
  valueAt(index: number): number;
  /** The measurement's own bound on its absolute error, 0 where it states none. */
  errorAt(index: number): number;
  /** Index of the first point at `step` or later; `length` where there is none. */
  indexFrom(step: number): number;
  /** Index of the first point at `first` or later whose value is `level` or above; undefined where there is none. */
  firstAtLeast(level: number, first: number): number | undefined;
  /** Largest value from `first` up to, not including, `end`; NaN where there is none, or one is NaN. */
  maximum(first: number, end: number): number;
}

/** A list that was measured at a step: eigenvalues, a spectrum, a value a layer. */
export interface VectorPoint {
  readonly step: number;
  readonly values: readonly number[];
  readonly labels: readonly string[];
}

/**
 * A run as it stood after a certain record: causal by construction, since nothing later is in it. Laws see runs only
 * through this.
 */
export interface RunView {
  /** Seeds every random number that a law may need, so that a rebuild forecasts the same. */
  readonly runId: string;
  /** Optimizer steps completed when the last visible record was written. */
  readonly step: number;
  /** Present once the run has ended. */
  readonly end: EndFacts | undefined;
  readonly models: readonly ModelFacts[];
  readonly objective: ObjectiveFacts | undefined;
  /** The optimizer that took the last step. */
  readonly optimizer: OptimizerFacts | undefined;
  /** How many optimizers have been seen; most laws speak about one. */
  readonly optimizers: number;
  readonly data: DataFacts | undefined;
  /** Empty where the observable was never recorded. */
  series(observable: string): Series;
  observables(): readonly string[];
  /** Every measurement of a list so far, oldest first; empty where it was never recorded. */
  vectors(name: string): readonly VectorPoint[];
  vectorNames(): readonly string[];
  /** Runs of the same workspace that had ended before this one began, oldest first; laws about several runs look at them. */
  readonly earlier: readonly RunView[];
  /** The run as it stood when the last record of `step` had been written, or now if that is earlier. */
  at(step: number): RunView;
}
