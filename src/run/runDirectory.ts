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

  get control(): string {
    return path.join(this.path, "control.jsonl");
  }

  get console(): string {
    return path.join(this.path, "console.log");
  }

  get runFile(): string {
    return path.join(this.path, "run.db");
  }

  /** Holds the process id of the recorder that follows this run, so that there is only one. */
  get recorderLock(): string {
    return path.join(this.path, "recorder.pid");
  }

  /** Holds the process id of the training process while it lives. */
  get trainingLock(): string {
    return path.join(this.path, "training.pid");
  }
}
