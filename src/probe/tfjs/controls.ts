import type { ControlRequest } from "../record.ts";
import type { Budget } from "./budget.ts";
import type { ControlFile } from "./controlFile.ts";
import type { Journal } from "./journal.ts";

/** Milliseconds between two looks at the control file while the script is paused. */
const pausePatience = 50;

/** Does between steps what the editor has asked for. */
export class Controls {
  readonly #file: ControlFile;
  readonly #journal: Journal;
  readonly #budget: Budget;
  readonly #stop: () => void;

  /** @param stop ends the process. */
  constructor(file: ControlFile, journal: Journal, budget: Budget, stop: () => void) {
    this.#file = file;
    this.#journal = journal;
    this.#budget = budget;
    this.#stop = stop;
  }

  poll(): void {
    if (this.#obey(this.#file.poll())) this.#wait();
  }

  /** Returns whether the script is to be paused after these requests. */
  #obey(requests: readonly ControlRequest[], isPaused = false): boolean {
    let paused = isPaused;
    for (const request of requests) {
      switch (request.do) {
        case "stop":
          this.#stop();
          break;
        case "pause":
          paused = true;
          break;
        case "resume":
          paused = false;
          break;
        case "measure":
          this.#budget.request();
          break;
        case "budget":
          this.#budget.fraction = request.fraction;
          break;
      }
    }
    return paused;
  }

  /** Blocks the script: nothing of it runs until it is resumed. */
  #wait(): void {
    this.#journal.note("information", "paused", `Paused after ${this.#journal.step} steps.`);
    const never = new Int32Array(new SharedArrayBuffer(4));
    this.#journal.clock.setAside(() => {
      do Atomics.wait(never, 0, 0, pausePatience);
      while (this.#obey(this.#file.poll(), true));
    });
    this.#journal.note("information", "resumed", "Resumed.");
  }
}
