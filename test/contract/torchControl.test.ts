/** What the editor asks of a running PyTorch script by way of `control.jsonl`. */
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SpoolRecord } from "../../src/probe/record.ts";
import { awaitRecords } from "./awaitRecords.ts";
import { readRecords, recordsOf, root, run, series, type Outcome } from "./probeRun.ts";
import { oneThread, python, torchFixture } from "./torchRun.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "orrery-control-"));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

function start(): Promise<Outcome> {
  const inspectScript = path.join(root, "src", "probe", "torch", "inspect_script.py");
  const environment = { ...oneThread, ORRERY_RUN: directory, ORRERY_BUDGET: "0" };
  return run(python ?? "", ["-u", inspectScript, torchFixture("endless.py")], environment);
}

function ask(...lines: readonly string[]): void {
  appendFileSync(path.join(directory, "control.jsonl"), lines.map((line) => `${line}\n`).join(""));
}

const until = (found: (records: readonly SpoolRecord[]) => boolean) => awaitRecords(directory, found);
const hasSteps = (count: number) => (records: readonly SpoolRecord[]) => recordsOf(records, "step").length >= count;
const hasNote = (code: string) => (records: readonly SpoolRecord[]) =>
  recordsOf(records, "note").some((note) => note.code === code);
const sharpnesses = (records: readonly SpoolRecord[]) => series(records, "sharpness/batch").length;

describe.skipIf(python === undefined)("a running PyTorch script", () => {
  test("measures when asked, pauses, resumes and stops between steps, as if it left by itself", async () => {
    const outcome = start();
    await until(hasSteps(4));
    expect(sharpnesses(readRecords(directory))).toBe(0);
    ask('{"do":"measure"}');
    await until((records) => sharpnesses(records) > 0);
    ask('{"do":"pause"}');
    await until(hasNote("paused"));
    ask('{"do":"resume"}');
    await until(hasNote("resumed"));
    ask('{"do":"stop"}');
    expect(await outcome).toEqual({ exitCode: 0, errors: "", output: "leaving\nat exit\n" });
    const records = readRecords(directory);
    expect(records.at(-1)).toMatchObject({ t: "end", how: "stopped" });
    // Asked for once, measured once.
    expect(sharpnesses(records)).toBe(1);
    const paused = records.findIndex((record) => record.t === "note" && record.code === "paused");
    expect(records[paused + 1]).toMatchObject({ t: "note", code: "resumed" });
  });

  test("that was asked to measure measures the very next step, as in TensorFlow.js", async () => {
    ask('{"do":"measure"}');
    const outcome = start();
    await until((records) => sharpnesses(records) > 0);
    ask('{"do":"stop"}');
    await outcome;
    // Step 0 is over when the request is seen for the first time.
    expect(series(readRecords(directory), "sharpness/batch").map(([step]) => step)).toEqual([1]);
  });

  test("takes another budget in mid-run, passes over lines that are no request, and stops out of a pause", async () => {
    const outcome = start();
    await until(hasSteps(4));
    ask("no request", '{"do":"budget","fraction":7}', '["stop"]', '{"do":"budget","fraction":true}', "{}");
    await until((records) => recordsOf(records, "step").length > 8);
    ask('{"do":"budget","fraction":1}');
    await until((records) => sharpnesses(records) >= 2);
    ask('{"do":"budget","fraction":0}', '{"do":"pause"}');
    await until(hasNote("paused"));
    ask('{"do":"stop"}');
    expect(await outcome).toEqual({ exitCode: 0, errors: "", output: "leaving\nat exit\n" });
    const records = readRecords(directory);
    const measured = series(records, "sharpness/batch").map(([step]) => step);
    // At the budget of 1, and while it lasted, at every step.
    expect(measured).toEqual(measured.map((_, index) => (measured[0] ?? 0) + index));
    expect(records.at(-1)).toMatchObject({ t: "end", how: "stopped" });
    expect(hasNote("resumed")(records)).toBe(false);
  });

  test("obeys a stop that was asked for before it began, after its first step", async () => {
    ask('{"do":"stop"}');
    expect(await start()).toMatchObject({ exitCode: 0, errors: "" });
    const records = readRecords(directory);
    expect(recordsOf(records, "step")).toHaveLength(1);
    expect(records.at(-1)).toMatchObject({ t: "end", how: "stopped" });
  });
});
