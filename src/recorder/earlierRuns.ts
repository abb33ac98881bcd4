/**
 * Which runs of a workspace a run's laws may look at: those that had ended when it began. The list is written down once, in
 * `earlier.json`, when the run is first recorded, so that a rebuild says the same although runs were added since.
 */
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as z from "zod";
import { readManifest } from "../run/manifestFile.ts";
import { runsIn } from "../run/runCollection.ts";
import { RunDirectory } from "../run/runDirectory.ts";
import { RunFileError } from "../run/runFileError.ts";
import type { RunManifest } from "../run/runManifest.ts";
import { RunHistory } from "../theory/history.ts";
import type { RunView } from "../theory/runView.ts";
import { recordsOf } from "./spoolHistory.ts";
import { parseLine } from "./spoolRecord.ts";

const listSchema = z.object({ version: z.literal(1), runs: z.array(z.string()) });

/** The newest so many, and bytes of spool in all: what a recorder can read in some seconds, and hold. */
const mostRuns = 64;
const mostBytes = 256 * 1024 * 1024;

/** From the end of a spool, enough for its last record. */
const tail = 65_536;

/**
 * The ended runs that came before this one, oldest first, read when first asked for. A run that was deleted since is left out.
 *
 * @param folder where the workspace's runs are.
 */
export function earlierRuns(
  directory: RunDirectory,
  manifest: RunManifest,
  folder: string = path.dirname(directory.path),
): () => readonly RunView[] {
  let views: readonly RunView[] | undefined;
  const ids = listOf(directory, manifest, folder);
  return () => (views ??= ids.flatMap((id) => viewOf(new RunDirectory(path.join(folder, id)), id)));
}

function listOf(directory: RunDirectory, manifest: RunManifest, folder: string): readonly string[] {
  if (existsSync(directory.earlier)) {
    const text = readFileSync(directory.earlier, "utf8");
    const parsed = listSchema.safeParse(jsonOf(text));
    if (!parsed.success) {
      throw new RunFileError(`${directory.earlier} is no list of runs. Delete it, and the list is made anew.`);
    }
    return parsed.data.runs;
  }
  const runs = endedBefore(manifest, folder);
  writeFileSync(directory.earlier, `${JSON.stringify({ version: 1, runs })}\n`);
  return runs;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Ids of the newest runs that had ended when this one began, oldest first. */
function endedBefore({ id, startedAt }: RunManifest, folder: string): readonly string[] {
  const found: string[] = [];
  let bytes = 0;
  for (const other of runsIn(folder)) {
    const size = statSync(other.spool, { throwIfNoEntry: false })?.size ?? 0;
    if (size === 0 || bytes + size > mostBytes || found.length >= mostRuns) continue;
    const began = startOf(other);
    const lasted = began === undefined || began.id === id ? undefined : lengthOf(other);
    if (began === undefined || lasted === undefined || began.startedAt + 1000 * lasted > startedAt) continue;
    bytes += size;
    found.push(path.basename(other.path));
  }
  return found.reverse();
}

function startOf(directory: RunDirectory): RunManifest | undefined {
  try {
    return readManifest(directory);
  } catch (error) {
    // A neighbour that is broken is no reason not to record this run.
    if (error instanceof RunFileError) return undefined;
    throw error;
  }
}

/** Seconds that a run lasted; undefined where it has not ended. */
function lengthOf(directory: RunDirectory): number | undefined {
  const descriptor = openSync(directory.spool, "r");
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(tail, size));
    readSync(descriptor, bytes, 0, bytes.length, size - bytes.length);
    const last = parseLine(bytes.toString("utf8").trimEnd().split("\n").at(-1));
    return last.is === "record" && last.record.t === "end" ? last.record.time : undefined;
  } finally {
    closeSync(descriptor);
  }
}

function viewOf(directory: RunDirectory, id: string): readonly RunView[] {
  const history = new RunHistory(id);
  for (const record of recordsOf(directory)) history.append(record);
  const view = history.view();
  return view.end === undefined ? [] : [view];
}
