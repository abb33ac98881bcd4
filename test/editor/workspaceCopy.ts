/** A folder of a user's own: the fixture scripts, and TensorFlow.js beside them as `npm install` would have put it. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { RunDirectory } from "../../src/run/runDirectory.ts";
import { processMarkSchema } from "../../src/recorder/processMark.ts";

const root = path.resolve(import.meta.dirname, "..", "..");

export class WorkspaceCopy {
  /** Everything of this test lies here. */
  readonly home: string;
  readonly folder: string;

  constructor() {
    this.home = realpathSync(mkdtempSync(path.join(tmpdir(), "orrery-test-")));
    this.folder = path.join(this.home, "training");
    cpSync(path.join(import.meta.dirname, "fixtures"), this.folder, { recursive: true });
    symlinkSync(path.join(root, "node_modules"), path.join(this.folder, "node_modules"), "junction");
  }

  /** The runs that are kept here, oldest first. */
  runs(): RunDirectory[] {
    const folder = path.join(this.folder, ".orrery", "runs");
    if (!existsSync(folder)) return [];
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => new RunDirectory(path.join(folder, entry.name)))
      .toSorted((one, other) => one.path.localeCompare(other.path));
  }

  /** The run that was started last. Throws where there is none. */
  newestRun(): RunDirectory {
    const run = this.runs().at(-1);
    if (run === undefined) throw new Error(`No run is kept in ${this.folder}.`);
    return run;
  }

  remove(): void {
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }
}

export function trainingProcess(run: RunDirectory): number {
  return processMarkSchema.parse(JSON.parse(readFileSync(run.trainingLock, "utf8"))).pid;
}

/** Whether a process runs; one that has ended and waits for its parent to notice does not. Linux only. */
export function isAlive(pid: number): boolean {
  const status = contents(`/proc/${pid}/status`);
  return status !== "" && !/^State:\s+[ZX]/m.test(status);
}

/** Ids of all processes of this machine whose command line holds the text. Linux only. */
export function processesNaming(text: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => commandLine(pid).includes(text))
    .map(Number);
}

function commandLine(pid: string): string {
  return contents(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
}

/** Empty where the process has ended. */
function contents(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** Leaves a short run behind that has ended, as an earlier session would have. Throws with what the command line said. */
export function storeRun(workspace: WorkspaceCopy, script = "chebyshev.mjs", options: readonly string[] = []): void {
  const command = path.join(root, "dist", "orrery.mjs");
  const outcome = spawnSync(process.execPath, [command, "inspect", ...options, script], {
    cwd: workspace.folder,
    encoding: "utf8",
    env: { ...process.env, STEPS: "300", BREATH: "0" },
  });
  // A run that diverged is a run all the same.
  if (outcome.status !== 0 && !outcome.stdout.includes("The run is in")) {
    throw new Error(`No run was stored:\n${outcome.stdout}${outcome.stderr}`);
  }
}
