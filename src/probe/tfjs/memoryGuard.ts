import type { Engine } from "./engine.ts";
import { freeMemory } from "./freeMemory.ts";
import type { Journal } from "./journal.ts";

/** Bytes that are left to the script whatever is measured, and all that is asked for before the first recording. */
const leftAlone = 128 * 1024 ** 2;
/** Of what a recording holds: the recorded values, their tangents, and a replay of them at other weights. */
const copies = 3;
/** Bytes that 32-bit WebAssembly can address. */
const wasmAddresses = 4 * 1024 ** 3;

/** Keeps a step from being recorded where it would not fit in memory, by what the last recording held. */
export class MemoryGuard {
  readonly #journal: Pick<Journal, "noteOnce">;
  readonly #free: () => number;
  #held = 0;
  #told = false;

  /** @param free reads how many bytes the process can still allocate. */
  constructor(journal: Pick<Journal, "noteOnce">, free: () => number = freeMemory) {
    this.#journal = journal;
    this.#free = free;
  }

  /** What a recording has turned out to hold. */
  recorded(bytes: number): void {
    this.#held = bytes;
  }

  /** Whether a step may be recorded now; the first time that it may not, a note says so. */
  admits({ backendName, state }: Pick<Engine, "backendName" | "state">): boolean {
    const needed = copies * this.#held + leftAlone;
    const free = Math.min(this.#free(), backendName === "wasm" ? wasmAddresses - state.numBytes : Infinity);
    if (needed <= free) return true;
    if (!this.#told) {
      this.#told = true;
      this.#journal.noteOnce(
        "warning",
        "recording-memory",
        `Steps are not recorded while memory is scarce, so that curvature and activations are not measured: that takes ${mebibytes(needed)} MiB, and ${mebibytes(free)} MiB are free${backendName === "wasm" ? " (WebAssembly has 4 GiB in all)" : ""}. Smaller batches need less.`,
      );
    }
    return false;
  }
}

function mebibytes(bytes: number): string {
  return Math.max(0, bytes / 1024 ** 2).toFixed(0);
}
