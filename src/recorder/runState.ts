import type { SpoolRecord } from "../probe/record.ts";
import type { RunFacts } from "../run/rowSink.ts";
import type { RunStatus } from "../run/runRows.ts";
import { optimizerText } from "./eventText.ts";
import { stepOf } from "./spoolRecord.ts";

/** Codes of the notes by which the probe tells that it waits, and that it goes on. */
const pauseCodes: ReadonlyMap<string, RunStatus> = new Map([
  ["paused", "paused"],
  ["resumed", "running"],
]);

/** What a run's overview says, as its records come. */
export class RunState {
  readonly #models = new Map<string, number>();
  #status: RunStatus = "starting";
  #error = "";
  #step = 0;
  #stepped = false;
  #firstTime: number | undefined;
  #time = 0;
  #framework = "";
  #backend = "";
  #backendReason = "";
  #optimizer = "";
  #announcedProcess: number | undefined;

  /** Optimizer steps completed, as far as the records tell: the loss of step k is taken before the step. */
  get stepsCompleted(): number {
    return this.#stepped ? this.#step + 1 : 0;
  }

  /** The step of the last record that had one. */
  get step(): number {
    return this.#step;
  }

  /** Seconds since the run began, at the last record. */
  get time(): number {
    return this.#time;
  }

  /** The training process, by its own account. */
  get announcedProcess(): number | undefined {
    return this.#announcedProcess;
  }

  take(record: SpoolRecord): void {
    this.#firstTime ??= record.time;
    this.#time = Math.max(this.#time, record.time);
    this.#step = Math.max(this.#step, stepOf(record) ?? 0);
    switch (record.t) {
      case "begin":
        this.#framework = `${record.framework.name} ${record.framework.version}`.trim();
        this.#backend = record.backend;
        this.#backendReason = record.backendReason;
        this.#announcedProcess = record.pid;
        break;
      case "model":
        this.#models.set(record.id, record.parameters);
        break;
      case "optimizer":
        this.#optimizer = optimizerText(record);
        break;
      case "step":
        this.#stepped = true;
        if (this.#status === "starting") this.#status = "running";
        break;
      case "note":
        this.#status = pauseCodes.get(record.code) ?? this.#status;
        break;
      case "end":
        this.#status = record.how;
        this.#error = record.error ?? (record.how === "diverged" ? "The loss is no longer a finite number." : "");
        break;
      case "objective":
      case "data":
      case "measure":
      case "vector":
        break;
    }
  }

  facts(): RunFacts {
    return {
      status: this.#status,
      error: this.#error,
      step: this.#step,
      seconds: this.#time - (this.#firstTime ?? this.#time),
      backend: this.#backend,
      backendReason: this.#backendReason,
      framework: this.#framework,
      parameters: [...this.#models.values()].reduce((sum, each) => sum + each, 0),
      optimizer: this.#optimizer,
    };
  }
}
