/** Makes a log the folder of a run, of which nothing but its spool and its console's output is written. */
import { createHash } from "node:crypto";
import { readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import type { RunDirectory } from "../../run/runDirectory.ts";
import { logRecords } from "./logRecords.ts";
import { readLog } from "./readLog.ts";

/** What a person may say of a log. */
export interface LogOptions {
  /** A regular expression whose named groups are the step and what is logged there. */
  readonly pattern?: string | undefined;
  /** Steps that the run was planned for. */
  readonly plannedSteps?: number | undefined;
}

/** Writes a log's run into a folder that is there and empty. Throws `RunFileError` where the log cannot be read. */
export function writeLogRun(file: string, directory: RunDirectory, { pattern, plannedSteps }: LogOptions): void {
  const log = readLog(file, pattern);
  const digest = createHash("sha256").update(readFileSync(file)).digest("hex").slice(0, 16);
  const read = [
    ...(pattern === undefined ? [] : [`, read with the pattern ${pattern}`]),
    ...(plannedSteps === undefined ? [] : [`, planned for ${plannedSteps} steps`]),
  ];
  const mark = `SHA-256 ${digest}…${read.join("")}`;
  const lines = logRecords(log, { file, mark, plannedSteps }).map((record) => JSON.stringify(record, jsonNumbers));
  writeFileSync(directory.spool, `${lines.join("\n")}\n`);
  if (log.text !== undefined) writeFileSync(directory.console, log.text);
  // A spool's last change stands for the time of its run.
  const { atime, mtime } = statSync(file);
  utimesSync(directory.spool, atime, mtime);
}

function jsonNumbers(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}
