import { appendFile, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { ControlRequest } from "../probe/record.ts";
import type { RunDirectory } from "../run/runDirectory.ts";
import { descendantsOf, isLiving, processMarkSchema, type ProcessMark } from "./processMark.ts";
import { endProcessTree } from "./processTree.ts";

/** Asks something of a run's probe, which looks between two steps. */
export async function requestOf(directory: RunDirectory, request: ControlRequest): Promise<void> {
  await appendFile(directory.control, `${JSON.stringify(request)}\n`);
}

/**
 * Stops a run: asks the probe, which lets the script end as it would by itself, and after the grace ends the whole process
 * tree. Resolves once no process of it lives; at once where none does. What was recorded stays.
 */
export async function stopRun(directory: RunDirectory, grace = 3000): Promise<void> {
  const training = await trainingOf(directory);
  const family = training === undefined ? [] : await descendantsOf(training.pid);
  // Asked even where no process is known: it may be about to start.
  await requestOf(directory, { do: "stop" });
  if (training === undefined) return;
  const deadline = performance.now() + grace;
  while (performance.now() < deadline && (await isLiving(training))) await delay(50);
  await endProcessTree(training, family);
}

/** The training process of a run as its recorder wrote it down, whether it lives or not. */
export async function trainingOf(directory: RunDirectory): Promise<ProcessMark | undefined> {
  try {
    return processMarkSchema.parse(JSON.parse(await readFile(directory.trainingLock, "utf8")));
  } catch {
    // Not started yet, or a file that nobody of ours wrote: no process is known.
    return undefined;
  }
}
