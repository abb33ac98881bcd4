/** Typed requests, answers and announcements between two threads, with errors and cancellation. */

/** What `Worker`, `MessagePort` and `parentPort` have in common. */
export interface ThreadPort {
  postMessage(message: unknown): void;
  on(event: "message", listener: (message: unknown) => void): unknown;
}

/** Functions that one thread offers to another; arguments and results must survive a structured clone. */
export type Service<S> = { [K in keyof S]: (...given: never[]) => unknown };

type Message =
  | { readonly ask: number; readonly name: string; readonly given: unknown[] }
  | { readonly cancel: number }
  | { readonly answer: number; readonly value: unknown }
  | { readonly fault: number; readonly name: string; readonly message: string }
  | { readonly announce: unknown };

interface Waiting {
  resolve(value: unknown): void;
  reject(reason: Error): void;
}

/** The asking side. `A` is what the other side may announce unasked. */
export class ThreadClient<S extends Service<S>, A> {
  readonly #port: ThreadPort;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;
  #broken: Error | undefined;

  constructor(port: ThreadPort, announced: (announcement: A) => void) {
    this.#port = port;
    port.on("message", (received) => {
      const message = received as Message;
      if ("announce" in message) announced(message.announce as A);
      else if ("answer" in message) this.#take(message.answer)?.resolve(message.value);
      else if ("fault" in message) {
        const error = new Error(message.message);
        error.name = message.name;
        this.#take(message.fault)?.reject(error);
      }
    });
  }

  /** Rejects with the other side's error (its name and message), the signal's reason, or the reason given to `fail`. */
  call<K extends keyof S & string>(
    name: K,
    given: Parameters<S[K]>,
    signal?: AbortSignal,
  ): Promise<Awaited<ReturnType<S[K]>>> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const id = ++this.#last;
    const abort = () => {
      this.#port.postMessage({ cancel: id } satisfies Message);
      this.#take(id)?.reject(asError(signal?.reason));
    };
    if (this.#broken !== undefined) reject(this.#broken);
    else if (signal?.aborted === true) reject(asError(signal.reason));
    else {
      this.#waiting.set(id, { resolve, reject });
      signal?.addEventListener("abort", abort, { once: true });
      this.#port.postMessage({ ask: id, name, given } satisfies Message);
    }
    return promise.finally(() => signal?.removeEventListener("abort", abort)) as Promise<Awaited<ReturnType<S[K]>>>;
  }

  /** The other side is gone: rejects everything that waits, and everything asked from now on. */
  fail(reason: Error): void {
    this.#broken = reason;
    for (const id of [...this.#waiting.keys()]) this.#take(id)?.reject(reason);
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}

/** The answering side. Returns what announces to the asking side. */
export function serveThread<S extends Service<S>>(port: ThreadPort, service: S): (announcement: unknown) => void {
  const queue = new Map<number, { readonly name: string; readonly given: unknown[] }>();
  const post = (message: Message) => {
    port.postMessage(message);
  };
  const next = async () => {
    const [entry] = queue;
    if (entry === undefined) return;
    const [id, { name, given }] = entry;
    queue.delete(id);
    const call = service[name as keyof S] as unknown as (...given: unknown[]) => unknown;
    try {
      post({ answer: id, value: await call(...given) });
    } catch (thrown) {
      const error = asError(thrown);
      post({ fault: id, name: error.name, message: error.message });
    }
  };
  port.on("message", (received) => {
    const message = received as Message;
    if ("cancel" in message) queue.delete(message.cancel);
    else if ("ask" in message) {
      queue.set(message.ask, message);
      // Later, so that a cancellation that is already on its way is read first.
      setImmediate(() => void next());
    }
  });
  return (announcement) => {
    post({ announce: announcement });
  };
}

export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
