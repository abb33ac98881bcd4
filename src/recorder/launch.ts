/** How a run begins, and how one that has lost its recorder is taken up again. Used by the editor and the command line. */
import { execFile, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { closeSync, existsSync, openSync } from "node:fs";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { RunDirectory } from "../run/runDirectory.ts";
import { RunFileReader } from "../run/runFileReader.ts";
import type { BackendChoice, RunManifest } from "../run/runManifest.ts";
import { makeRunsFolder } from "./runsFolder.ts";
import { LaunchError } from "./launchError.ts";
import { isFollowed } from "./recorderLock.ts";
import { choosePython } from "./pythonRuntime.ts";
import { chooseRuntime, type Runtime } from "./runtime.ts";
import { isPython, isTyped, scriptEndings } from "./scriptKinds.ts";

/** Where the parts are that run in processes of their own. */
export interface Installation {
  readonly recorder: string;
  /** Probe of TensorFlow.js scripts, a module to preload. */
  readonly preload: string;
  /** Probe of PyTorch scripts, a Python script that runs another. */
  readonly inspectScript: string;
}

/** The parts as they lie in `dist`, given its path. */
export function installationIn(dist: string): Installation {
  return {
    recorder: path.join(dist, "recorder.mjs"),
    preload: path.join(dist, "probe", "preload.mjs"),
    inspectScript: path.join(dist, "probe", "torch", "inspect_script.py"),
  };
}

/** What tries the backends without a run, as it lies in `dist`. */
export function doctorIn(dist: string): string {
  return path.join(dist, "probe", "doctor.mjs");
}

export interface RunOptions {
  readonly script: string;
  readonly arguments: readonly string[];
  readonly workingDirectory: string;
  /** The folder that the run's own folder is made in. */
  readonly runsDirectory: string;
  readonly backend: BackendChoice;
  /** Fraction of wall time that measuring may cost. */
  readonly budget: number;
  /** How much data is kept to measure on while training goes on; the probe's own limits where absent. */
  readonly probeSet?: { readonly batches: number; readonly megabytes: number } | undefined;
  /** The Node executable to use; chosen where absent. */
  readonly node?: string | undefined;
  /** The Python executable to use for a Python script; chosen where absent. */
  readonly python?: string | undefined;
  /** Arguments for Node, before ours. */
  readonly nodeArguments?: readonly string[] | undefined;
}

/** Makes a run's directory and its `run.json`; nothing is started. Throws `LaunchError`. */
export async function createRun(installation: Installation, options: RunOptions): Promise<RunDirectory> {
  const script = path.resolve(options.workingDirectory, options.script);
  const [text, runtime, gitCommit] = await Promise.all([
    readScript(script),
    isPython(script) ? runPython(installation, options) : runNode(installation, script, options),
    commitOf(path.dirname(script)),
  ]);
  const startedAt = Date.now();
  const directory = await makeDirectory(path.resolve(options.workingDirectory, options.runsDirectory), startedAt);
  const manifest: RunManifest = {
    version: 1,
    id: path.basename(directory.path),
    script,
    arguments: [...options.arguments],
    workingDirectory: path.resolve(options.workingDirectory),
    startedAt,
    scriptHash: createHash("sha256").update(text).digest("hex"),
    ...(gitCommit !== undefined && { gitCommit }),
    runtime,
    backend: options.backend,
    budget: options.budget,
  };
  await writeFile(directory.manifest, `${JSON.stringify(manifest, undefined, 2)}\n`);
  return directory;
}

/** Starts a recorder, and with it the training process, that outlives this process. */
export function startRecorder(installation: Installation, directory: RunDirectory): void {
  spawnRecorder(installation, directory, ["--start"]);
}

/**
 * Starts a recorder again for a run that has not ended and has none; it goes on where the last one stopped. False where
 * there is nothing to do. Throws `RunFileError` where the directory is no run.
 */
export function recoverRun(installation: Installation, directory: RunDirectory): boolean {
  // A write-ahead log beside an ended run was left by a recorder that was killed as it closed the file.
  if (isFollowed(directory) || (hasEnded(directory) && !existsSync(`${directory.runFile}-wal`))) return false;
  spawnRecorder(installation, directory, []);
  return true;
}

/** Whether the run file says that the run is over; a file that cannot be read says nothing of the kind. */
function hasEnded(directory: RunDirectory): boolean {
  try {
    return !["starting", "running", "paused"].includes(new RunFileReader(directory).overview().status);
  } catch {
    return false;
  }
}

function spawnRecorder(installation: Installation, directory: RunDirectory, flags: readonly string[]): void {
  const log = openSync(directory.recorderLog, "a");
  try {
    const child = spawn(process.execPath, [...quiet, installation.recorder, directory.path, ...flags], {
      detached: true,
      stdio: ["ignore", log, log],
      windowsHide: true,
      env: { ...process.env, ...(process.versions["electron"] !== undefined && { ELECTRON_RUN_AS_NODE: "1" }) },
    });
    // Without a listener a failed spawn would end this process; the run then shows as one without a recorder.
    child.on("error", () => undefined);
    child.unref();
  } finally {
    closeSync(log);
  }
}

/** SQLite warns on some Node versions that it is new. */
const quiet = ["--disable-warning=ExperimentalWarning"];

type ManifestRuntime = RunManifest["runtime"];

async function runNode(installation: Installation, script: string, options: RunOptions): Promise<ManifestRuntime> {
  const runtime = await chooseRuntime(options.node);
  return {
    executable: runtime.executable,
    version: runtime.version,
    arguments: [...(options.nodeArguments ?? []), ...nodeArguments(installation, script, runtime)],
    environment: {
      ...runtime.environment,
      ORRERY_BACKEND: options.backend,
      ...measuringLimits(options),
    },
  };
}

/** What measuring may cost, as both probes are told it. */
function measuringLimits({ budget, probeSet }: RunOptions): Record<string, string> {
  return {
    ORRERY_BUDGET: String(budget),
    ...(probeSet !== undefined && {
      ORRERY_PROBE_BATCHES: String(probeSet.batches),
      ORRERY_PROBE_BYTES: String(probeSet.megabytes * 1e6),
    }),
  };
}

async function runPython(installation: Installation, options: RunOptions): Promise<ManifestRuntime> {
  const { executable, version, devices } = await choosePython(options.python);
  return {
    executable,
    version,
    // Unbuffered: the console is read while the script runs.
    arguments: ["-u", installation.inspectScript],
    // Told to the probe, which must not ask: looking for devices can keep a script's own processes from using them.
    environment: { ...measuringLimits(options), ORRERY_DEVICES: devices.join(", ") },
  };
}

function nodeArguments(installation: Installation, script: string, runtime: Runtime): string[] {
  const probe = ["--import", pathToFileURL(installation.preload).href];
  const typed = isTyped(script) && runtime.transformsTypes;
  // The warning is about our flag, not about anything that the script does.
  return typed ? ["--experimental-transform-types", ...quiet, ...probe] : probe;
}

/** A script's text. Throws `LaunchError` where Node cannot run it. */
export async function readScript(script: string): Promise<Buffer> {
  if (!scriptEndings.includes(path.extname(script))) {
    throw new LaunchError(
      `${script} is not a script that Node or Python runs: its name must end in ${scriptEndings.join(", ")}.`,
    );
  }
  const found = await stat(script).catch(() => undefined);
  if (found === undefined) throw new LaunchError(`There is no script at ${script}.`);
  if (!found.isFile()) throw new LaunchError(`${script} is not a file.`);
  return readFile(script).catch((error: unknown) => {
    throw new LaunchError(`${script} cannot be read (${reasonOf(error)}).`);
  });
}

async function makeDirectory(runs: string, now: number): Promise<RunDirectory> {
  const time = new Date(now).toISOString().slice(0, 19).replaceAll(":", "-");
  const directory = new RunDirectory(path.join(runs, `${time}-${randomBytes(2).toString("hex")}`));
  try {
    makeRunsFolder(runs);
    await mkdir(directory.path);
  } catch (error) {
    throw new LaunchError(
      `The run cannot be kept in ${runs} (${reasonOf(error)}). Make that folder writable or choose another one.`,
    );
  }
  return directory;
}

/** The commit that the script's repository is at; undefined without a repository or without git. */
async function commitOf(folder: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)("git", ["-C", folder, "rev-parse", "HEAD"], {
      timeout: 5000,
      windowsHide: true,
    });
    return stdout.trim();
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
