import { setTimeout as delay } from "node:timers/promises";
import { tailOf } from "../recorder/endRecord.ts";
import { createRun, recoverRun, startRecorder, type Installation, type RunOptions } from "../recorder/launch.ts";
import { LaunchError } from "../recorder/launchError.ts";
import { isFollowed } from "../recorder/recorderLock.ts";
import { stopRun } from "../recorder/stopRun.ts";
import type { RunDirectory } from "../run/runDirectory.ts";
import { RunFileReader } from "../run/runFileReader.ts";
import type { RunOverview, RunReader, RunStatus } from "../run/runRows.ts";
import { EdgeWatch } from "./edge.ts";
import { exitCode, type ExitCode } from "./exitCode.ts";
import { ledgerSummary } from "./ledgerText.ts";
import { runJson, type Output } from "./output.ts";
import { ProgressDisplay, progressLine } from "./progress.ts";
import { isNews, overviewText } from "./show.ts";

/** Milliseconds between looks at the run file. */
const lookInterval = 150;
/** So long a run may be without a recorder before it is given another one, or given up. */
const recorderPatience = 10_000;

/** `orrery inspect`: starts a run, shows it until it ends, then says what came of it. */
export async function inspect(
  installation: Installation,
  options: RunOptions,
  detach: boolean,
  output: Output,
): Promise<ExitCode> {
  const directory = await createRun(installation, options);
  startRecorder(installation, directory);
  if (detach) {
    output.print(directory.path);
    return exitCode.ok;
  }
  const stopping = new Stopping(directory);
  using reader = new RunFileReader(directory);
  const overview = await watch(installation, directory, reader, output.json);
  stopping.release();
  if (output.json) output.print(runJson(reader));
  else output.print(report(directory, reader, overview, output.width));
  if (stopping.asked) return exitCode.interrupted;
  return overview.status === "failed" || overview.status === "diverged" ? exitCode.scriptFailed : exitCode.ok;
}

/** Follows a run to its end; a recorder that has died is replaced once. */
async function watch(
  installation: Installation,
  directory: RunDirectory,
  reader: RunReader,
  silent: boolean,
): Promise<RunOverview> {
  const display = silent ? undefined : new ProgressDisplay(process.stderr);
  const edge = new EdgeWatch(reader);
  let lastFollowed = performance.now();
  let replaced = false;
  for (;;) {
    const overview = reader.overview();
    const line = progressLine(overview, edge.look(overview));
    if (isOver(overview.status)) {
      display?.end(line);
      return overview;
    }
    display?.show(line);
    if (isFollowed(directory)) {
      lastFollowed = performance.now();
    } else if (performance.now() - lastFollowed > recorderPatience) {
      if (replaced) throw new LaunchError(`The run's recorder does not stay alive. ${tailOf(directory.recorderLog)}`);
      replaced = true;
      lastFollowed = performance.now();
      recoverRun(installation, directory);
    }
    await delay(lookInterval);
  }
}

function isOver(status: RunStatus): boolean {
  return status !== "starting" && status !== "running" && status !== "paused";
}

function report(directory: RunDirectory, reader: RunReader, overview: RunOverview, width: number): string {
  const notes = reader.events(0, Number.MAX_SAFE_INTEGER).filter(isNews);
  const quoted = overview.error.includes("Its last output");
  const tail = overview.status === "failed" && !quoted ? tailOf(directory.console) : "";
  // Node has printed the error with its stack already.
  const error = tail === "" ? overview.error : (overview.error.split("\n")[0] ?? "");
  const parts = ["", overviewText({ ...overview, error })];
  if (tail !== "") parts.push("", "The script's last output:", tail);
  if (notes.length > 0) parts.push("", ...notes.map((note) => `${note.severity}: ${note.text}`));
  parts.push("", "Ledger", "", ledgerSummary(reader.ledger(), reader.standings(), width));
  parts.push("", `The run is in ${overview.directory}`);
  return parts.join("\n");
}

/** Ctrl-C stops the run; once more leaves at once. */
class Stopping {
  readonly #directory: RunDirectory;
  asked = false;

  constructor(directory: RunDirectory) {
    this.#directory = directory;
    process.on("SIGINT", this.#onInterrupt);
    process.on("SIGTERM", this.#onInterrupt);
  }

  release(): void {
    process.off("SIGINT", this.#onInterrupt);
    process.off("SIGTERM", this.#onInterrupt);
  }

  readonly #onInterrupt = (): void => {
    if (this.asked) process.exit(exitCode.interrupted);
    this.asked = true;
    stopRun(this.#directory).catch((error: unknown) => {
      console.error(`The run could not be stopped: ${String(error)}`);
    });
  };
}
