import type { Forecast, Verdict } from "../theory/law.ts";
import type { EventRow, LawStanding, MeasurementRow, RunOverview, VectorRow } from "./runRows.ts";

/** What a run's overview says that is not in its manifest nor counted from its points. */
export type RunFacts = Pick<
  RunOverview,
  "status" | "error" | "step" | "seconds" | "backend" | "backendReason" | "framework" | "parameters" | "optimizer"
>;

/** A law's name and number as they stood when it forecast. */
export interface LawLabel {
  readonly title: string;
  readonly number: string;
}

/** Takes the rows that a spool turns into, in the order in which they arise. */
export interface RowSink {
  /**
   * Steps never decrease within an observable. `error` is NaN where the method has no bound; `measurement` is the line of the one
   * that the value comes from, absent for values of every step.
   */
  point(observable: string, step: number, value: number, error: number, measurement?: number): void;
  measurement(row: MeasurementRow, line: number): void;
  vector(row: VectorRow, sequence: number): void;
  event(row: EventRow): void;
  forecast(forecast: Forecast, law: LawLabel): void;
  verdict(verdict: Verdict): void;
  /** Replaces what was said of the same law before. */
  standing(standing: LawStanding, ordinal: number): void;
  facts(facts: RunFacts): void;
}

/** Takes rows and keeps none: for state that is rebuilt by reading records again. */
export const nowhere: RowSink = {
  point: ignore,
  measurement: ignore,
  vector: ignore,
  event: ignore,
  forecast: ignore,
  verdict: ignore,
  standing: ignore,
  facts: ignore,
};

function ignore(): void {
  // The rows are in the file already.
}
