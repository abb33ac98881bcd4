/** Makes a run that was recorded elsewhere one of the runs here. */
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { BeginRecord } from "../probe/record.ts";
import { readManifest } from "../run/manifestFile.ts";
import { runsIn } from "../run/runCollection.ts";
import { RunDirectory } from "../run/runDirectory.ts";
import { RunFileError } from "../run/runFileError.ts";
import type { RunManifest } from "../run/runManifest.ts";
import { writeLogRun, type LogOptions } from "./logs/logRun.ts";
import { rebuildRun } from "./rebuild.ts";
import { makeRunsFolder } from "./runsFolder.ts";
import { SpoolReader, type SpoolLine } from "./spoolReader.ts";
import { parseLine } from "./spoolRecord.ts";
import type { Ending } from "./training.ts";

/** A run that is still going on elsewhere cannot be followed from here. */
const importedBeforeEnd: Ending = {
  text: "What was imported ends before the run does. Whether its script ended is not known here.",
};

/** Before this many lines a spool that is one has had its `begin`. */
const readLines = 1000;

/**
 * Makes a run one of those in the folder `runs`, with its run file: the folder of a run, which must hold a `spool.jsonl` and may
 * hold a `run.json`, or the log of a training that was not inspected, to which the options belong. What is imported is left as it
 * is. Throws `RunFileError`, and leaves nothing behind, where it holds no run, or one that is among `runs` already.
 */
export async function importRun(from: string, runs: string, options: LogOptions = {}): Promise<RunDirectory> {
  if (statSync(from, { throwIfNoEntry: false })?.isFile() !== true) return await importFolder(from, runs);
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-log-"));
  try {
    writeLogRun(path.resolve(from), new RunDirectory(folder), options);
    return await importFolder(folder, runs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function importFolder(from: string, runs: string): Promise<RunDirectory> {
  const source = new RunDirectory(from);
  const { first, begin } = readSpool(source);
  const known = runsIn(runs).find((each) => firstLine(each)?.text === first.text);
  if (known !== undefined) throw new RunFileError(`This run is there already, in ${known.path}.`);
  const manifest = existsSync(source.manifest) ? readManifest(source) : manifestOf(source, first, begin);
  // It becomes the name of a folder, and comes from elsewhere.
  if (!/^\w[\w.-]*$/.test(manifest.id))
    throw new RunFileError(`${source.manifest} gives the run an id that is none of ours: "${manifest.id}".`);
  const destination = new RunDirectory(path.join(runs, manifest.id));
  if (existsSync(destination.path))
    throw new RunFileError(`There is another run of the same id in ${destination.path}. Move one of them away.`);
  makeRunsFolder(runs);
  // Nobody sees the run before it is whole: what is in a folder without a run.json is no run.
  const workshop = mkdtempSync(path.join(runs, ".importing-"));
  try {
    const copy = new RunDirectory(path.join(workshop, manifest.id));
    mkdirSync(copy.path);
    // First: what is written of them meanwhile is found in the spool, and not written twice.
    for (const file of ["latestSteps", "console", "weights"] as const) {
      if (existsSync(source[file])) copyFileSync(source[file], copy[file]);
    }
    copyFileSync(source.spool, copy.spool);
    writeFileSync(copy.manifest, `${JSON.stringify(manifest, undefined, 2)}\n`);
    await rebuildRun(copy, importedBeforeEnd, runs);
    renameSync(copy.path, destination.path);
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
  return destination;
}

function readSpool(directory: RunDirectory): { readonly first: SpoolLine; readonly begin: BeginRecord } {
  if (statSync(directory.path, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new RunFileError(
      `${directory.path} is neither a file nor a folder. Name the folder of a run, which holds its spool.jsonl, or a log.`,
    );
  }
  if (!existsSync(directory.spool)) {
    throw new RunFileError(`${directory.path} holds no spool.jsonl, so it is not the folder of a run.`);
  }
  using reader = new SpoolReader(directory.spool, { offset: 0, line: 0 });
  let first: SpoolLine | undefined;
  for (let lines = reader.read(); lines.length > 0; lines = reader.read()) {
    for (const line of lines) {
      first ??= line;
      const parsed = parseLine(line.text);
      if (parsed.is === "record" && parsed.record.t === "begin") return { first, begin: parsed.record };
      if (line.number > readLines) break;
    }
    if ((lines.at(-1)?.number ?? 0) > readLines) break;
  }
  throw new RunFileError(`${directory.spool} does not say how its run began, so it is not the spool of a run.`);
}

/** What tells runs apart: their beginnings hold a process's id and times in microseconds. */
function firstLine(directory: RunDirectory): SpoolLine | undefined {
  if (!existsSync(directory.spool)) return undefined;
  using reader = new SpoolReader(directory.spool, { offset: 0, line: 0 });
  return reader.read()[0];
}

/** For a spool alone: what it says of itself, and the rest left empty. */
function manifestOf(directory: RunDirectory, first: SpoolLine, begin: BeginRecord): RunManifest {
  // When the run began is nowhere in a spool; when it was last written to is as near as one gets.
  const startedAt = Math.round(statSync(directory.spool).mtimeMs);
  const time = new Date(startedAt).toISOString().slice(0, 19).replaceAll(":", "-");
  const digest = createHash("sha256")
    .update(first.text ?? "")
    .digest("hex");
  return {
    version: 1,
    id: `${time}-${digest.slice(0, 4)}`,
    script: begin.script,
    arguments: [],
    workingDirectory: path.dirname(begin.script),
    startedAt,
    scriptHash: "",
    runtime: { executable: "", version: begin.runtime, arguments: [], environment: {} },
    backend: "script",
    // The probe's own default.
    budget: 0.05,
  };
}
