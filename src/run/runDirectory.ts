import path from "node:path";

/** The files of one run. The spool is the truth; the run file is derived from it. */
export class RunDirectory {
  readonly path: string;

  constructor(directory: string) {
    this.path = path.resolve(directory);
  }

  get manifest(): string {
    return path.join(this.path, "run.json");
  }

  get spool(): string {
    return path.join(this.path, "spool.jsonl");
  }

  /** Holds steps that are not in the spool yet. */
  get latestSteps(): string {
    return path.join(this.path, "latest-steps.bin");
  }

  /** The training's latest weights, for later runs to be compared with. */
  get weights(): string {
    return path.join(this.path, "weights.bin");
  }

  get control(): string {
    return path.join(this.path, "control.jsonl");
  }

  get console(): string {
    return path.join(this.path, "console.log");
  }

  get runFile(): string {
    return path.join(this.path, "run.db");
  }

  /** Names the runs that its laws may look at beside it. */
  get earlier(): string {
    return path.join(this.path, "earlier.json");
  }

  /** Locked by the recorder that follows this run, so that there is only one; the lock dies with its process. */
  get recorderLock(): string {
    return path.join(this.path, "recorder.lock");
  }

  /** What the recorder itself has to complain about; empty as a rule. */
  get recorderLog(): string {
    return path.join(this.path, "recorder.log");
  }

  /** Says which process is, or was, the training process: id and time of start. */
  get trainingLock(): string {
    return path.join(this.path, "training.pid");
  }
}
