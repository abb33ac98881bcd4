/** Puts into a spool the steps that its probe could not put there itself any more. */
import { appendFileSync, closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, rmSync } from "node:fs";
import { latestStepsLayout, longestLine, type StepRecord } from "../probe/record.ts";
import type { RunDirectory } from "../run/runDirectory.ts";
import { parseLine } from "./spoolRecord.ts";

const { head, width } = latestStepsLayout;

interface Stored {
  /** Bytes of the spool behind which they come. */
  readonly spool: number;
  readonly records: readonly StepRecord[];
}

/**
 * Appends to the spool the steps of `latest-steps.bin` that it lacks, and removes that file. Returns whether the spool has
 * become longer. To be called when nobody else writes into it any more.
 */
export function appendLatestSteps(directory: RunDirectory): boolean {
  if (!existsSync(directory.latestSteps)) return false;
  const lines = missingLines(directory);
  if (lines !== "") appendFileSync(directory.spool, lines);
  rmSync(directory.latestSteps);
  return lines !== "";
}

function missingLines(directory: RunDirectory): string {
  const { spool, records } = storedIn(readFileSync(directory.latestSteps));
  const behind = records.length === 0 ? undefined : textBehind(directory.spool, spool);
  if (behind === undefined) return "";
  const written = new Set(behind.split("\n").flatMap(writtenStep));
  const missing = records.filter(({ step }) => !written.has(step));
  // Killed in the middle of a write, a probe leaves a torn line.
  const isTorn = behind !== "" && !behind.endsWith("\n");
  return missing.map((each, index) => `${isTorn && index === 0 ? "\n" : ""}${JSON.stringify(each)}\n`).join("");
}

function storedIn(bytes: Buffer): Stored {
  const number = (at: number) => (at + 8 <= bytes.length ? bytes.readDoubleLE(at) : Number.NaN);
  const [spool, first, begun] = [number(0), number(8), number(16)];
  const records: StepRecord[] = [];
  let before = begun;
  for (let at = head; ; at += width) {
    const [time, loss, learningRate, step] = [number(at), number(at + 8), number(at + 16), number(at + 24)];
    // What is stored behind the last one is of earlier steps, or nothing.
    if (step !== first + records.length || !(time >= before)) return { spool, records };
    const values = { "loss/train": loss, "optimizer/learningRate": learningRate, "step/seconds": time - before };
    records.push({ t: "step", time, step, values });
    before = time;
  }
}

/** Undefined where the spool has no such place, or so much behind it that it cannot be what was written of the steps. */
function textBehind(file: string, offset: number): string | undefined {
  const descriptor = openSync(file, "r");
  try {
    const length = fstatSync(descriptor).size - offset;
    // Something has always been written before; a file that was just made is all zeros.
    if (!Number.isSafeInteger(offset) || offset <= 0 || length < 0 || length > longestLine) return undefined;
    const bytes = Buffer.alloc(length);
    return bytes.toString("utf8", 0, readSync(descriptor, bytes, 0, length, offset));
  } finally {
    closeSync(descriptor);
  }
}

function writtenStep(line: string): number[] {
  const parsed = parseLine(line);
  return parsed.is === "record" && parsed.record.t === "step" ? [parsed.record.step] : [];
}
