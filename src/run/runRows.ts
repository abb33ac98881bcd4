/** What a run file holds, as its reader hands it out. Everything here survives a structured clone. */
import type { Forecast, Regime, Verdict } from "../theory/law.ts";

export type RunStatus = "starting" | "running" | "paused" | "finished" | "stopped" | "failed" | "diverged";

export interface RunOverview {
  readonly id: string;
  readonly directory: string;
  /** As the user wrote it: the script's path and its arguments. */
  readonly script: string;
  readonly arguments: readonly string[];
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly status: RunStatus;
  /** Why it ended, in the script's or the system's own words; empty unless it failed or diverged. */
  readonly error: string;
  readonly step: number;
  /** Seconds from the first record to the last. */
  readonly seconds: number;
  readonly backend: string;
  readonly backendReason: string;
  readonly framework: string;
  readonly parameters: number;
  readonly optimizer: string;
  /** In the order in which they were first recorded, so that a network's layers come in theirs. */
  readonly observables: readonly ObservableSummary[];
  /** Observables that are lists, by name. */
  readonly vectors: readonly VectorSummary[];
  /** What `RunReader.revision` said when this was read. */
  readonly revision: number;
}

export interface ObservableSummary {
  readonly name: string;
  readonly points: number;
  readonly firstStep: number;
  readonly lastStep: number;
  /** The latest value, NaN included. */
  readonly lastValue: number;
  /** Over finite points; NaN where there is none. */
  readonly minimum: number;
  readonly maximum: number;
  /** Points that are NaN or infinite. */
  readonly notFinite: number;
}

export interface VectorSummary {
  readonly name: string;
  readonly lastStep: number;
}

/**
 * A stretch of one observable, in buckets of 16^level steps. At level 0 every point is its own bucket and minimum and
 * maximum are the value. Above, they are over the bucket's finite points (NaN where it has none). Columns have one
 * length. A bucket that holds a non-finite point says so, so that a spike or a NaN is never averaged away.
 */
export interface SeriesSlice {
  readonly observable: string;
  readonly level: number;
  /** Step of the first point in each bucket that holds one. */
  readonly steps: Float64Array;
  readonly minimum: Float64Array;
  readonly maximum: Float64Array;
  readonly last: Float64Array;
  readonly count: Float64Array;
  readonly notFinite: Float64Array;
}

/** How the values of one measurement came to be. */
export interface MeasurementRow {
  /** Seconds that it took. */
  readonly cost: number;
  readonly method: string;
  /** Examples that it was made on; absent where it was made on none, or that is unknown. */
  readonly sample?: number | undefined;
}

/** One point of an observable, and how it was measured. */
export interface Reading {
  readonly step: number;
  readonly value: number;
  /** The method's own bound on the absolute error; NaN where it has none. */
  readonly error: number;
  /** Absent for values of every step, which cost nothing to speak of. */
  readonly measurement?: MeasurementRow | undefined;
}

export interface VectorRow {
  readonly name: string;
  readonly step: number;
  readonly values: Float64Array;
  readonly labels: readonly string[];
}

/** Anything that happened and is not a number: notes, spool faults, begin and end, models and optimizers as recorded. */
export interface EventRow {
  /** From 1; 1 itself is kept for the recorder's own word about this file, as that it was rebuilt. */
  readonly sequence: number;
  readonly kind: string;
  readonly step: number;
  readonly time: number;
  readonly severity: "information" | "warning" | "error";
  readonly text: string;
  /** The record itself, as JSON; empty for kinds that have none. */
  readonly body: string;
}

export interface LedgerRow {
  readonly forecast: Forecast;
  readonly lawTitle: string;
  readonly lawNumber: string;
  /** Absent while pending. */
  readonly verdict: Verdict | undefined;
}

/** Where a law stands in this run: speaking, out of its regime, or unable to speak and why. */
export interface LawStanding {
  readonly law: string;
  readonly number: string;
  readonly title: string;
  readonly area: string;
  readonly says: string;
  readonly regime: Regime | undefined;
}

export interface SeriesRequest {
  readonly observable: string;
  readonly fromStep: number;
  readonly toStep: number;
  /** At most this many buckets come back; the finest level that fits is chosen. */
  readonly buckets: number;
}

/** Reads a run file while it grows or after. Throws `RunFileError`, whose message says what to do. */
export interface RunReader extends Disposable {
  /** Cheap; changes whenever the run file's content does. */
  revision(): number;
  overview(): RunOverview;
  series(request: SeriesRequest): SeriesSlice;
  /** The newest point of an observable at or before `step`. */
  reading(observable: string, step: number): Reading | undefined;
  /** The newest vector of that name at or before `step`. */
  vector(name: string, step: number): VectorRow | undefined;
  events(afterSequence: number, limit: number): readonly EventRow[];
  ledger(): readonly LedgerRow[];
  standings(): readonly LawStanding[];
}
