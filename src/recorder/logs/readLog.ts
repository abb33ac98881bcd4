import { readFileSync, statSync } from "node:fs";
import { RunFileError } from "../../run/runFileError.ts";
import { readConsoleLog } from "./consoleLog.ts";
import { delimiterOf, readTable } from "./csvLog.ts";
import { jsonObject, readJsonLines } from "./jsonLinesLog.ts";
import type { Log } from "./log.ts";
import { quoted, readByPattern } from "./patternLog.ts";
import { isEventFile, readEventFile } from "./tensorBoardLog.ts";

/** Longest log that is read at once, in bytes: as long as a text may be in memory. */
const longestLog = 400_000_000;

export interface LogFile extends Log {
  /** The text that is kept beside the run as its console's; undefined for a file of another kind. */
  readonly text: string | undefined;
}

/**
 * Reads a log, in the format that its beginning shows: TensorBoard's events, a spool's or other JSON lines, a table with a header,
 * else lines with names and numbers. A pattern, a regular expression, goes before all of these. Throws `RunFileError`, saying what
 * was looked for, where nothing is found.
 */
export function readLog(file: string, pattern?: string): LogFile {
  const { size } = statSync(file);
  if (size > longestLog) throw new RunFileError(`${file} is longer than ${longestLog} bytes. Import a part of it.`);
  const bytes = readFileSync(file);
  if (pattern === undefined && isEventFile(bytes)) return { ...readEventFile(bytes, file), text: undefined };
  const text = bytes.toString("utf8").replaceAll(/\r\n?/g, "\n");
  if (text.trim() === "") throw new RunFileError(`${file} is empty.`);
  return { ...readText(text, file, pattern), text };
}

function readText(text: string, file: string, pattern: string | undefined): Log {
  if (pattern !== undefined) return readByPattern(text, pattern, file);
  const firstLine = text.split("\n").find((line) => line.trim() !== "") ?? "";
  const object = jsonObject(firstLine);
  if (object !== undefined && "t" in object && object.t === "begin") {
    throw new RunFileError(`${file} is the spool of a run. Import the folder that it lies in.`);
  }
  if (object !== undefined) return readJsonLines(text, file);
  const delimiter = delimiterOf(firstLine);
  if (delimiter !== undefined) return readTable(text, delimiter, file);
  const log = readConsoleLog(text);
  if (log.entries.length > 0) return log;
  throw new RunFileError(
    `${file} is no log that can be read. Looked for: events of TensorBoard; a table whose first line names a step; JSON objects, one a line, with a step; lines such as "step:10 train_loss:2.3". Its first line is ${quoted(text)}. With --pattern, a regular expression says where the numbers are.`,
  );
}
