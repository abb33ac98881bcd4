import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findPython } from "../../scripts/python.ts";
import { latestStepsLayout } from "../../src/probe/record.ts";
import { importRun } from "../../src/recorder/importRun.ts";
import { appendLatestSteps } from "../../src/recorder/latestSteps.ts";
import { rebuildRun } from "../../src/recorder/rebuild.ts";
import type { RunDirectory } from "../../src/run/runDirectory.ts";
import { RunFileReader } from "../../src/run/runFileReader.ts";
import { makeRun, temporaryFolder } from "./runFixture.ts";

const python = findPython();
const probe = path.join(import.meta.dirname, "..", "..", "src", "probe", "torch");
const beginning = JSON.stringify({
  t: "begin",
  time: 0,
  protocol: 1,
  probe: "0",
  framework: { name: "none", version: "0" },
  runtime: "none",
  device: "cpu",
  backend: "cpu",
  backendReason: "it is a test",
  script: "train.py",
});

let folder: string;
let directory: RunDirectory;

beforeEach(() => {
  folder = temporaryFolder();
  directory = makeRun(folder, "");
  writeFileSync(directory.spool, `${beginning}\n`);
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Step `k` ends after `k + 1` seconds, with a loss of `1 / (k + 1)`. */
function stored(spool: number, first: number, steps: readonly number[], begun = first): Buffer {
  const bytes = Buffer.alloc(latestStepsLayout.head + latestStepsLayout.width * (steps.length + 2));
  for (const [index, value] of [spool, first, begun].entries()) bytes.writeDoubleLE(value, 8 * index);
  for (const [index, step] of steps.entries()) {
    const at = latestStepsLayout.head + index * latestStepsLayout.width;
    for (const [place, value] of [step + 1, 1 / (step + 1), 0.5, step].entries())
      bytes.writeDoubleLE(value, at + 8 * place);
  }
  return bytes;
}

function lineOf(step: number): string {
  const values = { "loss/train": 1 / (step + 1), "optimizer/learningRate": 0.5, "step/seconds": 1 };
  return `${JSON.stringify({ t: "step", time: step + 1, step, values })}\n`;
}

function spoolBytes(): number {
  return readFileSync(directory.spool).length;
}

function spoolText(): string {
  return readFileSync(directory.spool, "utf8");
}

describe("steps that a probe could not write any more", () => {
  test("are appended to its spool once", () => {
    writeFileSync(directory.latestSteps, stored(spoolBytes(), 0, [0, 1, 2]));
    expect(appendLatestSteps(directory)).toBe(true);
    expect(spoolText()).toBe(`${beginning}\n${lineOf(0)}${lineOf(1)}${lineOf(2)}`);
    expect(existsSync(directory.latestSteps)).toBe(false);
    expect(appendLatestSteps(directory)).toBe(false);
  });

  test("are appended behind those of them that it wrote, whole or torn", () => {
    writeFileSync(directory.latestSteps, stored(spoolBytes(), 4, [4, 5, 6, 7]));
    const torn = lineOf(6).slice(0, 20);
    appendFileSync(directory.spool, `${lineOf(4)}${lineOf(5)}${torn}`);
    expect(appendLatestSteps(directory)).toBe(true);
    expect(spoolText()).toBe(`${beginning}\n${lineOf(4)}${lineOf(5)}${torn}\n${lineOf(6)}${lineOf(7)}`);
  });

  test("end where the numbers do not go on: what is behind is of earlier ones", () => {
    writeFileSync(directory.latestSteps, stored(spoolBytes(), 30, [30, 31, 12, 13]));
    expect(appendLatestSteps(directory)).toBe(true);
    expect(spoolText()).toBe(`${beginning}\n${lineOf(30)}${lineOf(31)}`);
  });

  test.each([
    ["nothing is held back", stored(Number.NaN, Number.NaN, [0, 1], Number.NaN)],
    ["the file is empty", Buffer.alloc(0)],
    ["the file is all zeros", Buffer.alloc(16_384)],
    ["it is of a longer spool", stored(1e9, 0, [0, 1])],
    ["its place in the spool is none", stored(0.5, 0, [0, 1])],
    ["its place is before the spool", stored(-20, 0, [0, 1])],
    ["times go back", stored(10, 5, [5, 6], 100)],
  ])("are none where %s, and the file goes", (_why, bytes) => {
    writeFileSync(directory.latestSteps, bytes);
    const before = spoolText();
    expect(appendLatestSteps(directory)).toBe(false);
    expect(spoolText()).toBe(before);
    expect(existsSync(directory.latestSteps)).toBe(false);
  });

  test("are part of the run that is rebuilt, and of the one that is imported", async () => {
    writeFileSync(directory.latestSteps, stored(spoolBytes(), 0, [0, 1, 2]));
    const runs = path.join(folder, "here", ".orrery", "runs");
    const imported = await importRun(directory.path, runs);
    expect(existsSync(directory.latestSteps)).toBe(true);
    writeFileSync(directory.trainingLock, JSON.stringify({ pid: 999_999_999, started: "" }));
    await rebuildRun(directory);
    for (const run of [imported, directory]) expect(new RunFileReader(run).overview()).toMatchObject({ step: 3 });
  });
});

/** Stores steps as fast as it can, and says after each that it was made. */
const writer = `
import sys
from orrery_probe.spool import Spool

spool = Spool(sys.argv[1])
step = 0
print("begun", flush=True)
while True:
    latest = spool.latest_steps(step, float(step))
    for _ in range(1 + step % 97):
        latest.store(latest.end, step + 1.0, 1 / (step + 1), 0.5, step)
        latest.end += latest.width
        step += 1
        sys.stdout.write(f"{step}\\n")
        sys.stdout.flush()
`;

describe.skipIf(python === undefined)("a probe that is killed at a random moment", () => {
  test("loses no step", async () => {
    const script = path.join(folder, "writer.py");
    writeFileSync(script, writer);
    for (let kills = 0; kills < 25; kills++) {
      writeFileSync(directory.spool, `${beginning}\n`);
      const child = spawn(python ?? "", ["-u", script, directory.path], {
        env: { ...process.env, PYTHONPATH: probe, PYTHONDONTWRITEBYTECODE: "1" },
        stdio: ["ignore", "pipe", "inherit"],
      });
      let said = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
      await once(child.stdout, "data");
      await delay(Math.random() * 100);
      child.kill("SIGKILL");
      await once(child, "close");
      appendLatestSteps(directory);
      // The last one may have been stored and not said any more, and a line that was torn may be no record.
      const least = Number(said.trimEnd().split("\n").at(-1)) || 0;
      const found = spoolText()
        .split("\n")
        .filter((line) => line.startsWith('{"t":"step"') && line.endsWith("}}"))
        .map((line) => (JSON.parse(line) as { readonly step: number }).step);
      expect(found).toEqual(Array.from({ length: found.length }, (_, step) => step));
      expect(found.length - least).toBeOneOf([0, 1]);
    }
  }, 60_000);
});
