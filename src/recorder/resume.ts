import { renameSync, existsSync } from "node:fs";
import { nowhere } from "../run/rowSink.ts";
import type { RunDirectory } from "../run/runDirectory.ts";
import { OutdatedRunFileError, RunFileError } from "../run/runFileError.ts";
import type { RunManifest } from "../run/runManifest.ts";
import { RunWriter, type SpoolPosition } from "../run/runWriter.ts";
import { removeDatabase } from "../run/sqlite.ts";
import { earlierRuns } from "./earlierRuns.ts";
import { Recording } from "./recording.ts";
import { SpoolReader } from "./spoolReader.ts";

export interface Resumed {
  readonly writer: RunWriter;
  /** Knows all that the file knows, and writes into it from now on. */
  readonly recording: Recording;
  readonly position: SpoolPosition;
}

/**
 * Opens the run file where it stands, or begins a new one. What a recorder knows beside the file (the run's history, open
 * forecasts) is got back by reading the part of the spool again that the file already holds: the same records give the
 * same knowledge. A file that cannot be used, or does not agree with the spool, is moved aside and made anew; one of an earlier version is
 * replaced.
 */
export function resumeOrRebuild(directory: RunDirectory, manifest: RunManifest): Resumed {
  let writer: RunWriter | undefined;
  try {
    writer = RunWriter.open(directory.runFile, manifest);
    return resume(directory, manifest, writer);
  } catch (error) {
    writer?.[Symbol.dispose]();
    if (!(error instanceof RunFileError)) throw error;
    const isOutdated = error instanceof OutdatedRunFileError;
    const fate = isOutdated ? "" : ` The old file is kept as ${moveAside(directory.runFile)}.`;
    if (isOutdated) removeDatabase(directory.runFile);
    const fresh = RunWriter.open(directory.runFile, manifest);
    fresh.event({
      sequence: 1,
      kind: "rebuilt",
      step: 0,
      time: 0,
      severity: isOutdated ? "information" : "warning",
      text: `The run file was made anew from the spool: ${error.message}${fate}`,
      body: "",
    });
    fresh.commit(fresh.position());
    return resume(directory, manifest, fresh);
  }
}

function resume(directory: RunDirectory, manifest: RunManifest, writer: RunWriter): Resumed {
  const position = writer.position();
  const recording = new Recording(manifest.id, earlierRuns(directory, manifest), nowhere);
  using reader = new SpoolReader(directory.spool, { offset: 0, line: 0 });
  let at = 0;
  while (at < position.offset) {
    const lines = reader.read();
    if (lines.length === 0) break;
    for (const line of lines) {
      if (line.next > position.offset) break;
      recording.consume(line);
      at = line.next;
    }
    if (lines.at(-1)?.next !== at) break;
  }
  const counts = writer.counts();
  const agrees =
    at === position.offset &&
    counts.events === recording.counts.events &&
    counts.forecasts === recording.counts.forecasts &&
    counts.verdicts === recording.counts.verdicts;
  if (!agrees) {
    throw new RunFileError("it does not agree with the spool beside it, which is shorter or has been changed.");
  }
  recording.writeTo(writer);
  return { writer, recording, position };
}

/** Renames the file, and SQLite's two helpers beside it, to the first free name; returns that name. */
function moveAside(file: string): string {
  let number = 1;
  while (existsSync(`${file}.old-${number}`)) number += 1;
  const aside = `${file}.old-${number}`;
  for (const suffix of ["", "-wal", "-shm"]) {
    if (existsSync(`${file}${suffix}`)) renameSync(`${file}${suffix}`, `${aside}${suffix}`);
  }
  return aside;
}
