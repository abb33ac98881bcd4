import { appendFileSync, closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import type { EndRecord } from "../probe/record.ts";
import type { RunDirectory } from "../run/runDirectory.ts";
import type { Ending } from "./training.ts";

/** How much of the script's last output is quoted. */
const quotedLines = 20;
const quotedBytes = 4000;

/**
 * Writes the `end` that a training process could not write itself, so that the spool stays the whole truth about the run.
 * `torn`: the spool ends within a line, which then becomes a line that is no record.
 */
export function appendEnd(
  directory: RunDirectory,
  ending: Ending,
  at: { readonly step: number; readonly time: number; readonly torn: boolean },
): void {
  const stopped = wasAskedToStop(directory);
  const succeeded = ending.exitCode === 0;
  const output = tailOf(directory.console);
  const record: EndRecord = {
    t: "end",
    time: at.time,
    step: at.step,
    how: stopped ? "stopped" : succeeded ? "finished" : "failed",
    ...(!stopped &&
      !succeeded && { error: output === "" ? ending.text : `${ending.text} Its last output:\n${output}` }),
    ...(ending.exitCode !== undefined && { exitCode: ending.exitCode }),
  };
  appendFileSync(directory.spool, `${at.torn ? "\n" : ""}${JSON.stringify(record)}\n`);
}

/** The last lines of a script's output; empty where there is none. */
export function tailOf(file: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch {
    return "";
  }
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(size, quotedBytes));
    const length = readSync(descriptor, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString("utf8", 0, length).trimEnd().split("\n").slice(-quotedLines).join("\n");
  } finally {
    closeSync(descriptor);
  }
}

function wasAskedToStop(directory: RunDirectory): boolean {
  try {
    return readFileSync(directory.control, "utf8").includes('"do":"stop"');
  } catch {
    return false;
  }
}
