import { watch, type FSWatcher } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import path from "node:path";

/** Longest time that news may go unseen: watching files is unreliable on network disks. */
const pollMilliseconds = 100;

/** Wakes its owner when a file may have grown. */
export class SpoolWatch implements Disposable {
  #watcher: FSWatcher | undefined;
  #wake: (() => void) | undefined;

  /** The folder must exist; the file need not. */
  constructor(file: string) {
    try {
      this.#watcher = watch(path.dirname(file), (_event, name) => {
        if (name === null || name === path.basename(file)) this.#wake?.();
      });
      this.#watcher.on("error", () => {
        this[Symbol.dispose]();
      });
    } catch {
      // Polling alone does: as where the system has no watches left.
    }
  }

  /** Resolves when the file may have changed, after 100 ms at the latest. */
  async news(): Promise<void> {
    const timer = new AbortController();
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await Promise.race([woken, delay(pollMilliseconds, undefined, { signal: timer.signal }).catch(() => undefined)]);
    timer.abort();
  }

  [Symbol.dispose](): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}
