import { appendFileSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { importRun } from "../../src/recorder/importRun.ts";
import { recordsOf } from "../../src/recorder/spoolHistory.ts";
import { runsIn } from "../../src/run/runCollection.ts";
import { RunFileReader } from "../../src/run/runFileReader.ts";
import { bundleInto, start, temporaryFolder } from "./runFixture.ts";

const bundles = temporaryFolder();
let folder: string;
let runs: string;
let log: string;

beforeAll(() => bundleInto(bundles));

afterAll(() => {
  rmSync(bundles, { recursive: true, force: true });
});

beforeEach(() => {
  folder = temporaryFolder();
  runs = path.join(folder, "runs");
  log = path.join(folder, "train.log");
  writeFileSync(log, Array.from({ length: 200 }, (_, step) => `step ${step}/200 loss ${3 - step / 100}`).join("\n"));
  utimesSync(log, 1_700_000_000, 1_700_000_000);
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("a log", () => {
  test("becomes a run like any other, named by the log's own time, and stays as it is", async () => {
    const text = readFileSync(log, "utf8");
    const run = await importRun(log, runs);
    expect(readFileSync(log, "utf8")).toBe(text);
    expect(readFileSync(run.console, "utf8")).toBe(text);
    const reader = new RunFileReader(run);
    expect(reader.overview()).toMatchObject({ status: "finished", script: log, step: 200 });
    expect(path.basename(run.path)).toMatch(/^2023-11-14T22-13-20-[0-9a-f]{4}$/);
    const faults = reader.events(0, 100).filter(({ kind }) => kind === "fault");
    expect(faults).toEqual([]);
    expect([...recordsOf(run)].filter(({ t }) => t === "step")).toHaveLength(200);
  });

  test("is not imported twice, but is once it has grown, or when it is said how many steps were planned", async () => {
    const first = await importRun(log, runs);
    await expect(importRun(log, runs)).rejects.toThrow(`there already, in ${first.path}`);
    await importRun(log, runs, { plannedSteps: 250 });
    appendFileSync(log, "\nstep 200/200 val_loss 1");
    await importRun(log, runs);
    expect(runsIn(runs)).toHaveLength(3);
  });

  test("that is none leaves nothing behind", async () => {
    writeFileSync(log, "Lorem ipsum");
    await expect(importRun(log, runs)).rejects.toThrow("Looked for: events of TensorBoard");
    expect(readdirSync(folder)).toEqual(["train.log"]);
  });

  test("is imported by the command line, by a pattern of one's own too", async () => {
    const orrery = async (...words: readonly string[]) => {
      const started = start([path.join(bundles, "orrery.mjs"), ...words], folder);
      return { code: await started.exit, output: started.output() };
    };
    expect(await orrery("import", "train.log", "--steps", "300")).toMatchObject({ code: 0 });
    expect((await orrery("show", "latest")).output).toContain("planned for 300 steps");
    writeFileSync(log, "n 0 ~ 2.5\nn 1 ~ 2.25\n");
    expect((await orrery("import", "train.log")).code).toBe(3);
    expect(await orrery("import", "train.log", "--pattern", String.raw`n (?<step>\d+) ~ (?<loss>\S+)`)).toMatchObject({
      code: 0,
    });
    const other = await orrery("import", "train.log", "--pattern", "(");
    expect(other.code).toBe(3);
    expect(other.output).toContain("no regular expression");
  });
});
