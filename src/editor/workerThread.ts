/** A thread that is started by the first call, and by the next call after it broke. */
import { Worker } from "node:worker_threads";
import type { Subscription } from "./runAccess.ts";
import { ThreadClient, type Service } from "./threadChannel.ts";

export interface WorkerThreadOptions<A> {
  /** Path of the bundled thread. */
  readonly script: string;
  /** As debuggers and error messages name it. */
  readonly name: string;
  /** What the thread finds as its `workerData`. */
  readonly data?: unknown;
  /** Told when the thread breaks. */
  readonly report: (error: Error) => void;
  /** Told what the thread announces unasked. */
  readonly announced?: (announcement: A) => void;
  /** Called when a thread has been started, before what it was started for is asked of it. */
  readonly started?: () => void;
}

export class WorkerThread<S extends Service<S>, A = never> implements Subscription {
  readonly #options: WorkerThreadOptions<A>;
  #running: { readonly worker: Worker; readonly client: ThreadClient<S, A> } | undefined;

  constructor(options: WorkerThreadOptions<A>) {
    this.#options = options;
  }

  get running(): boolean {
    return this.#running !== undefined;
  }

  /** Rejects with the thread's error, with the signal's reason, or because the thread has ended. */
  call<K extends keyof S & string>(
    name: K,
    given: Parameters<S[K]>,
    signal?: AbortSignal,
  ): Promise<Awaited<ReturnType<S[K]>>> {
    if (this.#running === undefined) {
      this.#running = this.#start();
      this.#options.started?.();
    }
    return this.#running.client.call(name, given, signal);
  }

  dispose(): void {
    const running = this.#running;
    this.#running = undefined;
    running?.client.fail(new Error("Orrery was deactivated."));
    void running?.worker.terminate();
  }

  #start() {
    const { script, name, data, report, announced } = this.#options;
    // Flags of the extension host are no business of the thread's, and some are refused in threads.
    const worker = new Worker(script, { execArgv: [], name, workerData: data });
    const client = new ThreadClient<S, A>(worker, (announcement) => announced?.(announcement));
    const broken = (error: Error) => {
      client.fail(error);
      if (this.#running?.worker !== worker) return;
      this.#running = undefined;
      report(error);
    };
    worker.on("error", broken);
    worker.on("exit", () => {
      broken(new Error(`${name}: the thread has ended.`));
    });
    worker.unref();
    return { worker, client };
  }
}
