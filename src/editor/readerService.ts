/** What the reader thread does for the extension host. */
import type {
  EventRow,
  LawStanding,
  LedgerRow,
  Reading,
  RunOverview,
  SeriesRequest,
  SeriesSlice,
  VectorRow,
} from "../run/runRows.ts";
import type { InlineRun } from "./inline/inlineRun.ts";
import type { LawListing } from "./lawListing.ts";
import type { RunListing } from "./runListing.ts";

export interface ReaderService {
  /** Listings of all runs under the folders, newest first within each. */
  runs(roots: readonly string[]): Promise<readonly RunListing[]>;
  /** Listings of some runs; those that are no longer there are left out. */
  listings(directories: readonly string[]): Promise<readonly RunListing[]>;
  overview(directory: string): RunOverview;
  series(directory: string, requests: readonly SeriesRequest[]): readonly SeriesSlice[];
  reading(directory: string, observable: string, step: number): Reading | undefined;
  vector(directory: string, name: string, step: number): VectorRow | undefined;
  events(directory: string, afterSequence: number, limit: number): readonly EventRow[];
  ledger(directory: string): readonly LedgerRow[];
  standings(directory: string): readonly LawStanding[];
  /** What the run says of its script's lines. */
  inlineRun(directory: string): InlineRun;
  /** Every law, with its record over some runs. */
  laws(directories: readonly string[]): readonly LawListing[];
  /** Makes a run that was recorded elsewhere, or a log, one of those under `runs`, and gives its directory. */
  importRun(from: string, runs: string): Promise<string>;
  /** Announces a change of the run at most ten times a second, until `unwatch`. */
  watch(directory: string): void;
  unwatch(directory: string): void;
}

export interface RunChanged {
  readonly directory: string;
  readonly revision: number;
}
