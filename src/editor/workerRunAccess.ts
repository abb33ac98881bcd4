/** Reads runs through the reader thread, which is started when the first run is read. */
import type { SeriesRequest } from "../run/runRows.ts";
import type { ReaderService, RunChanged } from "./readerService.ts";
import type { InlineRun } from "./inline/inlineRun.ts";
import type { LawListing } from "./lawListing.ts";
import type { OpenRun, RunAccess, Subscription } from "./runAccess.ts";
import type { RunListing } from "./runListing.ts";
import { WorkerThread } from "./workerThread.ts";

type ChangeListener = (revision: number) => void;

export class WorkerRunAccess implements RunAccess, Subscription {
  readonly #thread: WorkerThread<ReaderService, RunChanged>;
  readonly #report: (error: Error) => void;
  readonly #listeners = new Map<string, Set<ChangeListener>>();

  /** `script` is the bundled thread; `report` is told when the thread breaks, after which the next call starts another. */
  constructor(script: string, report: (error: Error) => void) {
    this.#report = report;
    this.#thread = new WorkerThread({
      script,
      name: "Orrery run reader",
      report,
      announced: ({ directory, revision }) => {
        for (const listener of this.#listeners.get(directory) ?? []) listener(revision);
      },
      started: () => {
        for (const directory of this.#listeners.keys()) this.#tell("watch", directory);
      },
    });
  }

  runs(roots: readonly string[]): Promise<readonly RunListing[]> {
    return this.#thread.call("runs", [roots]);
  }

  listings(directories: readonly string[]): Promise<readonly RunListing[]> {
    return this.#thread.call("listings", [directories]);
  }

  /** Every law, with its record over some runs. */
  laws(directories: readonly string[]): Promise<readonly LawListing[]> {
    return this.#thread.call("laws", [directories]);
  }

  /** What a run says of its script's lines. */
  inlineRun(directory: string): Promise<InlineRun> {
    return this.#thread.call("inlineRun", [directory]);
  }

  open(directory: string): OpenRun {
    const subscriptions = new Set<Subscription>();
    return {
      directory,
      overview: (signal) => this.#thread.call("overview", [directory], signal),
      series: (requests: readonly SeriesRequest[], signal) =>
        this.#thread.call("series", [directory, requests], signal),
      reading: (observable, step, signal) => this.#thread.call("reading", [directory, observable, step], signal),
      vector: (name, step, signal) => this.#thread.call("vector", [directory, name, step], signal),
      events: (after, limit, signal) => this.#thread.call("events", [directory, after, limit], signal),
      ledger: (signal) => this.#thread.call("ledger", [directory], signal),
      standings: (signal) => this.#thread.call("standings", [directory], signal),
      onDidChange: (listener) => {
        const subscription = this.#subscribe(directory, listener);
        subscriptions.add(subscription);
        return subscription;
      },
      dispose: () => {
        for (const subscription of subscriptions) subscription.dispose();
      },
    };
  }

  dispose(): void {
    this.#listeners.clear();
    this.#thread.dispose();
  }

  #subscribe(directory: string, listener: ChangeListener): Subscription {
    // One function may listen twice; each subscription is its own.
    const own: ChangeListener = (revision) => {
      listener(revision);
    };
    const listeners = this.#listeners.get(directory) ?? new Set();
    if (listeners.size === 0) this.#tell("watch", directory);
    this.#listeners.set(directory, listeners.add(own));
    return {
      dispose: () => {
        if (!listeners.delete(own) || listeners.size > 0) return;
        this.#listeners.delete(directory);
        this.#tell("unwatch", directory);
      },
    };
  }

  #tell(what: "watch" | "unwatch", directory: string): void {
    this.#thread.call(what, [directory]).catch(this.#report);
  }
}
