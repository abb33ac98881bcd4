import type { EndRecord } from "../record.ts";
import type { BeginRecord } from "./beginRecord.ts";
import type { Journal } from "./journal.ts";
import { hideOwnFrames } from "./stackTraces.ts";
import type { StepRecorder } from "./stepRecorder.ts";

/** Writes the `end` record when the process ends, in whatever way it does, and changes nothing about that way. */
export class Ending {
  readonly #journal: Journal;
  readonly #begin: BeginRecord;
  readonly #recorder: StepRecorder;
  #error: string | undefined;
  #isStopped = false;
  #deviceFailed = false;

  constructor(journal: Journal, begin: BeginRecord, recorder: StepRecorder) {
    this.#journal = journal;
    this.#begin = begin;
    this.#recorder = recorder;
  }

  watch(): void {
    process.on("uncaughtExceptionMonitor", (error: unknown) => {
      hideOwnFrames(error);
      if (!this.#deviceFailed) this.#error = describe(error);
    });
    process.on("exit", (exitCode) => {
      if (this.#deviceFailed) process.exitCode = exitCode || 1;
      this.#write(this.#deviceFailed ? exitCode || 1 : exitCode);
    });
  }

  /** Has the run end as failed, even if the script goes on: its device has failed, so that its numbers are wrong. */
  fail(text: string): void {
    this.#deviceFailed = true;
    this.#error = `The device failed: ${text}`;
  }

  /** Ends the process as the script's own `process.exit()` would; its exit handlers run. */
  stop(): void {
    this.#isStopped = true;
    process.exit();
  }

  #write(exitCode: number): void {
    const { step } = this.#journal;
    const how = this.#how(exitCode);
    if (!this.#begin.isWritten) this.#begin.write({ backend: "none", reason: "TensorFlow.js was not used." });
    if (step === 0 && how === "finished") {
      this.#journal.note(
        "warning",
        "no-training",
        "The script ended without training: no optimizer of TensorFlow.js has made a step. Does it train under some condition, as a command-line argument, that was not met?",
      );
    }
    this.#journal.write({
      t: "end",
      step,
      how,
      exitCode,
      ...(this.#error !== undefined && (this.#deviceFailed || !this.#isStopped) && { error: this.#error }),
      ...(this.#error === undefined && how === "failed" && { error: `The script ended with exit code ${exitCode}.` }),
    });
  }

  #how(exitCode: number): EndRecord["how"] {
    if (this.#deviceFailed) return "failed";
    if (this.#isStopped) return "stopped";
    if (this.#error !== undefined || exitCode !== 0) return "failed";
    return this.#recorder.lossIsFinite ? "finished" : "diverged";
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
