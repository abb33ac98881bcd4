/** Follows one run: spool in, run file out, until the run has ended. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { readManifest } from "../run/manifestFile.ts";
import type { RunDirectory } from "../run/runDirectory.ts";
import type { RunManifest } from "../run/runManifest.ts";
import { appendEnd } from "./endRecord.ts";
import { appendLatestSteps } from "./latestSteps.ts";
import { findTraining, startTraining, type Training } from "./training.ts";
import { takeRecorderLock } from "./recorderLock.ts";
import { consume, finishWriting, Pen } from "./pen.ts";
import { resumeOrRebuild } from "./resume.ts";
import { SpoolReader } from "./spoolReader.ts";
import { SpoolWatch } from "./spoolWatch.ts";

export type Outcome = "recorded" | "already followed";

/**
 * Records a run to its end; with `start` it starts the training process first. Throws `RunFileError` where the directory
 * is no run or cannot be written.
 */
export async function record(directory: RunDirectory, start: boolean): Promise<Outcome> {
  const manifest = readManifest(directory);
  using lock = takeRecorderLock(directory);
  if (lock === undefined) return "already followed";
  const training = start ? startTraining(directory, manifest) : await findTraining(directory);
  await follow(directory, manifest, training);
  return "recorded";
}

async function follow(directory: RunDirectory, manifest: RunManifest, training: Training): Promise<void> {
  const { recording, position, ...resumed } = resumeOrRebuild(directory, manifest);
  using writer = resumed.writer;
  using reader = new SpoolReader(directory.spool, position);
  using watch = new SpoolWatch(directory.spool);
  const pen = new Pen(writer, recording, position);
  while (!recording.ended) {
    // Asked before reading: what a process wrote before it died is then read before it is declared dead.
    const ending = await training.ending(recording.announcedProcess);
    if (consume(reader, recording, pen)) {
      await nextTurn();
      continue;
    }
    pen.commit();
    if (ending !== undefined) {
      if (appendLatestSteps(directory)) continue;
      appendEnd(directory, ending, { step: recording.stepsCompleted, time: recording.time, torn: reader.torn });
    } else {
      await watch.news();
    }
  }
  pen.commit();
  await finishWriting(writer);
}
