/** Reads runs through the reader thread, which is started when the first run is read. */
import { Worker } from "node:worker_threads";
import type { SeriesRequest } from "../run/runRows.ts";
import type { ReaderService, RunChanged } from "./readerService.ts";
import type { OpenRun, RunAccess, Subscription } from "./runAccess.ts";
import type { RunListing } from "./runListing.ts";
import { ThreadClient } from "./threadChannel.ts";

type ChangeListener = (revision: number) => void;

export class WorkerRunAccess implements RunAccess, Subscription {
  readonly #script: string;
  readonly #report: (error: Error) => void;
  readonly #listeners = new Map<string, Set<ChangeListener>>();
  #thread: { readonly worker: Worker; readonly client: ThreadClient<ReaderService, RunChanged> } | undefined;

  /** `script` is the bundled thread; `report` is told when the thread breaks, after which the next call starts another. */
  constructor(script: string, report: (error: Error) => void) {
    this.#script = script;
    this.#report = report;
  }

  runs(roots: readonly string[]): Promise<readonly RunListing[]> {
    return this.#call("runs", [roots]);
  }

  listings(directories: readonly string[]): Promise<readonly RunListing[]> {
    return this.#call("listings", [directories]);
  }

  open(directory: string): OpenRun {
    const subscriptions = new Set<Subscription>();
    return {
      directory,
      overview: (signal) => this.#call("overview", [directory], signal),
      series: (requests: readonly SeriesRequest[], signal) => this.#call("series", [directory, requests], signal),
      vector: (name, step, signal) => this.#call("vector", [directory, name, step], signal),
      events: (after, limit, signal) => this.#call("events", [directory, after, limit], signal),
      ledger: (signal) => this.#call("ledger", [directory], signal),
      standings: (signal) => this.#call("standings", [directory], signal),
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
    const thread = this.#thread;
    this.#thread = undefined;
    this.#listeners.clear();
    thread?.client.fail(new Error("Orrery was deactivated."));
    void thread?.worker.terminate();
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
    this.#call(what, [directory]).catch(this.#report);
  }

  #call<K extends keyof ReaderService>(name: K, given: Parameters<ReaderService[K]>, signal?: AbortSignal) {
    this.#thread ??= this.#start();
    return this.#thread.client.call(name, given, signal);
  }

  #start() {
    // Flags of the extension host are no business of the thread's, and some are refused in threads.
    const worker = new Worker(this.#script, { execArgv: [], name: "Orrery run reader" });
    const client = new ThreadClient<ReaderService, RunChanged>(worker, ({ directory, revision }) => {
      for (const listener of this.#listeners.get(directory) ?? []) listener(revision);
    });
    const broken = (error: Error) => {
      client.fail(error);
      if (this.#thread?.worker !== worker) return;
      this.#thread = undefined;
      this.#report(error);
    };
    worker.on("error", broken);
    worker.on("exit", () => {
      broken(new Error("The thread that reads runs has ended."));
    });
    worker.unref();
    for (const directory of this.#listeners.keys()) client.call("watch", [directory]).catch(this.#report);
    return { worker, client };
  }
}
