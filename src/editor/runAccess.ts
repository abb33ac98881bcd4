/** How the parts of the editor get at runs. No part of it knows `vscode`, so that what is built on it is tested without. */
import type { ControlRequest } from "../probe/record.ts";
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

/** Structurally the editor's own `Disposable`. */
export interface Subscription {
  dispose(): void;
}

/**
 * One run, read in a worker thread: no method blocks the extension host. While the run file does not exist yet the
 * answers are those of an empty run whose status is `starting`. Methods reject with a `RunFileError` (its message says what
 * to do), or with the signal's reason once it is aborted.
 */
export interface OpenRun extends Subscription {
  readonly directory: string;
  overview(signal?: AbortSignal): Promise<RunOverview>;
  /** One slice a request, in the order of the requests. */
  series(requests: readonly SeriesRequest[], signal?: AbortSignal): Promise<readonly SeriesSlice[]>;
  /** The newest point of an observable at or before a step. */
  reading(observable: string, step: number, signal?: AbortSignal): Promise<Reading | undefined>;
  vector(name: string, step: number, signal?: AbortSignal): Promise<VectorRow | undefined>;
  events(afterSequence: number, limit: number, signal?: AbortSignal): Promise<readonly EventRow[]>;
  ledger(signal?: AbortSignal): Promise<readonly LedgerRow[]>;
  standings(signal?: AbortSignal): Promise<readonly LawStanding[]>;
  /** At most ten calls a second, with the run file's revision; nothing is watched while nobody listens. */
  onDidChange(listener: (revision: number) => void): Subscription;
}

/** Opens runs for reading. A run that is opened twice is read once; each holder disposes its own `OpenRun`. */
export interface RunAccess {
  open(directory: string): OpenRun;
}

/** What a person may ask of a live run. */
export type RunRequest = Exclude<ControlRequest["do"], "budget">;

/** Acts on runs. Everything that acts is refused in Restricted Mode. */
export interface RunControl {
  /** True while the run's training process lives and the workspace is trusted. */
  controllable(directory: string): boolean;
  /** Told whenever the answer of `controllable` may have changed. */
  onDidChangeControllable(listener: () => void): Subscription;
  /** Rejects with an error whose message is fit to be shown. `stop` resolves once the whole process tree has ended. */
  request(directory: string, request: RunRequest): Promise<void>;
  /** Shows the script's own output in an editor. */
  showConsole(directory: string): Promise<void>;
}

/** What draws runs. */
export interface RunPanels extends Subscription {
  /** Shows the run's panel, made where there is none; one panel a run. */
  open(directory: string, options?: { readonly preserveFocus: boolean }): void;
}
