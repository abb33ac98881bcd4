import { renameSync } from "node:fs";
import { readManifest } from "../run/manifestFile.ts";
import type { RunDirectory } from "../run/runDirectory.ts";
import { OutdatedRunFileError, RunFileError } from "../run/runFileError.ts";
import { RunFileReader } from "../run/runFileReader.ts";
import { RunWriter } from "../run/runWriter.ts";
import { removeDatabase } from "../run/sqlite.ts";
import { appendEnd } from "./endRecord.ts";
import { earlierRuns } from "./earlierRuns.ts";
import { appendLatestSteps } from "./latestSteps.ts";
import { isLiving } from "./processMark.ts";
import { consume, finishWriting, Pen } from "./pen.ts";
import { takeRecorderLock } from "./recorderLock.ts";
import { Recording } from "./recording.ts";
import { SpoolReader } from "./spoolReader.ts";
import { trainingOf } from "./stopRun.ts";
import { unknownEnding, type Ending } from "./training.ts";

/**
 * Makes a run's file anew from its spool, as far as that goes, and puts it in the old one's place. Throws `RunFileError`
 * where the directory is no run, or a recorder follows it. Resolves to whether the run's training still goes on, so that a
 * recorder should follow it again. `withoutEnd` is written into a spool that has no end and whose training does not go on;
 * `folder` is where the workspace's other runs are, if not beside it.
 */
export async function rebuildRun(directory: RunDirectory, withoutEnd?: Ending, folder?: string): Promise<boolean> {
  const manifest = readManifest(directory);
  using lock = takeRecorderLock(directory);
  if (lock === undefined) {
    throw new RunFileError(
      `${directory.path} is being recorded now. Stop the run, or wait for its end, and rebuild then.`,
    );
  }
  const fresh = `${directory.runFile}.new`;
  removeDatabase(fresh);
  let goesOn = false;
  {
    using writer = RunWriter.open(fresh, manifest);
    const start = { offset: 0, line: 0 };
    using reader = new SpoolReader(directory.spool, start);
    const recording = new Recording(manifest.id, earlierRuns(directory, manifest, folder), writer);
    const pen = new Pen(writer, recording, start);
    const readAll = () => {
      while (!recording.ended && consume(reader, recording, pen));
    };
    readAll();
    const training = await trainingOf(directory);
    goesOn = !recording.ended && training !== undefined && (await isLiving(training));
    // A spool from elsewhere, whose training process is not known here, is left as it is unless it is said how it ends.
    const ending = withoutEnd ?? (training === undefined ? undefined : unknownEnding);
    if (!recording.ended && ending !== undefined && !goesOn) {
      if (appendLatestSteps(directory)) readAll();
      appendEnd(directory, ending, { step: recording.stepsCompleted, time: recording.time, torn: reader.torn });
      readAll();
    }
    pen.commit();
    await finishWriting(writer);
  }
  removeDatabase(directory.runFile);
  renameSync(fresh, directory.runFile);
  return goesOn;
}

/** Rebuilds a run's file where it is of an earlier version; leaves every other one as it is. Resolves as `rebuildRun` does. */
export async function bringUpToDate(directory: RunDirectory): Promise<boolean> {
  try {
    new RunFileReader(directory).revision();
  } catch (error) {
    // What else may be wrong with it is told by whoever reads it next.
    if (error instanceof OutdatedRunFileError) return await rebuildRun(directory);
  }
  return false;
}
