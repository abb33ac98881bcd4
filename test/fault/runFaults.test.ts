import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { recoverRun } from "../../src/recorder/launch.ts";
import { isLiving, processMarkSchema } from "../../src/recorder/processMark.ts";
import { isFollowed } from "../../src/recorder/recorderLock.ts";
import { stopRun, trainingOf } from "../../src/recorder/stopRun.ts";
import type { RunDirectory } from "../../src/run/runDirectory.ts";
import { RunFileReader } from "../../src/run/runFileReader.ts";
import {
  bundleInto,
  dump,
  makeRun,
  sampleSpool,
  spoolWriter,
  startRecorder,
  temporaryFolder,
  until,
} from "./runFixture.ts";

let folder: string;
const bundles = temporaryFolder();

beforeAll(() => bundleInto(bundles));

afterAll(() => {
  rmSync(bundles, { recursive: true, force: true });
});

beforeEach(() => {
  folder = temporaryFolder();
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Goes on until it is ended; a step every few milliseconds. */
const endless = `${spoolWriter} let k = 0; setInterval(() => step(k++), 5);`;

function overview(directory: RunDirectory) {
  return new RunFileReader(directory).overview();
}

async function untilStep(directory: RunDirectory, step: number): Promise<void> {
  await until(() => overview(directory).step >= step);
}

describe("a training process", () => {
  test("that is killed with -9 is recorded as failed by that signal, with all it wrote before", async () => {
    const directory = makeRun(folder, endless);
    const recorder = startRecorder(bundles, directory, "--start");
    await untilStep(directory, 20);
    process.kill((await trainingOf(directory))?.pid ?? 0, "SIGKILL");
    expect(await recorder.exit).toBe(0);
    const { status, error, step, observables } = overview(directory);
    expect(status).toBe("failed");
    expect(error).toContain("SIGKILL");
    expect(observables[0]?.points).toBe(step);
  });

  test("that throws is recorded as failed, with its own words", async () => {
    const directory = makeRun(
      folder,
      `${spoolWriter} for (let k = 0; k < 100; k++) step(k); throw new Error("no more data");`,
    );
    await startRecorder(bundles, directory, "--start").exit;
    expect(overview(directory)).toMatchObject({ status: "failed", step: 100 });
    expect(overview(directory).error).toMatch(/exit code 1[^]*no more data/);
  });

  test("whose executable is not there is recorded as failed, and says which", async () => {
    const directory = makeRun(folder, "");
    const manifest = readFileSync(directory.manifest, "utf8").replace(
      JSON.stringify(process.execPath),
      '"/no/such/node"',
    );
    writeFileSync(directory.manifest, manifest);
    await startRecorder(bundles, directory, "--start").exit;
    expect(overview(directory).error).toContain("/no/such/node");
  });

  test("goes on when its recorder is killed, and is found again with nothing missing", async () => {
    const directory = makeRun(folder, endless);
    const first = startRecorder(bundles, directory, "--start");
    await untilStep(directory, 10);
    first.child.kill("SIGKILL");
    await first.exit;
    const size = statSync(directory.spool).size;
    await until(() => statSync(directory.spool).size > size + 1000);
    expect(isFollowed(directory)).toBe(false);
    const installation = { recorder: path.join(bundles, "recorder.mjs"), preload: "", inspectScript: "" };
    expect(recoverRun(installation, directory)).toBe(true);
    await untilStep(directory, 60);
    await stopRun(directory, 0);
    await until(() => overview(directory).status === "stopped" && !isFollowed(directory));
    const { observables, step } = overview(directory);
    expect(observables[0]).toMatchObject({ points: step, firstStep: 0 });
    expect(recoverRun(installation, directory)).toBe(false);
  });

  test("is stopped with everything that it has started, whether or not that wants to end", async () => {
    const stubborn = path.join(folder, "child.mjs");
    writeFileSync(stubborn, `process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("up");`);
    const script = `${endless}
      import { spawn } from "node:child_process"; import { writeFileSync } from "node:fs";
      const child = spawn(process.execPath, [${JSON.stringify(stubborn)}], { detached: true });
      child.stdout.on("data", () => writeFileSync("child.json", JSON.stringify({ pid: child.pid, started: "" })));
      process.on("SIGTERM", () => {});`;
    const directory = makeRun(folder, script);
    const recorder = startRecorder(bundles, directory, "--start");
    const mark = path.join(folder, "child.json");
    await until(() => existsSync(mark) && statSync(mark).size > 0 && existsSync(directory.trainingLock));
    const child = processMarkSchema.parse(JSON.parse(readFileSync(mark, "utf8")));
    const training = await trainingOf(directory);
    expect(await isLiving(child)).toBe(true);
    await stopRun(directory, 0);
    expect(await isLiving(child)).toBe(false);
    expect(training !== undefined && (await isLiving(training))).toBe(false);
    await recorder.exit;
    expect(overview(directory).status).toBe("stopped");
  });
});

describe("a spool", () => {
  test("with a torn last line of a process that is gone is closed, and the torn line reported", async () => {
    const directory = makeRun(folder, `${spoolWriter} step(0); appendFileSync(spool, '{"t":"step","st');`);
    await startRecorder(bundles, directory, "--start").exit;
    expect(overview(directory)).toMatchObject({ status: "finished", step: 1 });
    const faults = new RunFileReader(directory).events(0, 100).filter((event) => event.kind === "fault");
    expect(faults).toHaveLength(1);
  });

  test("with garbage in the middle loses that and nothing else, and is full of it without a flood of events", async () => {
    const directory = makeRun(folder, "");
    const garbage = Buffer.from([0, 255, 254, 10, 123, 10]);
    const spool = sampleSpool(50).split("\n");
    writeFileSync(directory.spool, `${spool.slice(0, 30).join("\n")}\n`);
    for (let repeat = 0; repeat < 500; repeat++) appendFileSync(directory.spool, garbage);
    appendFileSync(directory.spool, spool.slice(30).join("\n"));
    await startRecorder(bundles, directory).exit;
    expect(overview(directory)).toMatchObject({ status: "finished", step: 50 });
    expect(overview(directory).observables.find((each) => each.name === "loss/train")?.points).toBe(50);
    const faults = new RunFileReader(directory).events(0, 1e6).filter((event) => event.kind === "fault");
    expect(faults).toHaveLength(101);
    expect(faults.at(-1)?.text).toMatch(/^100\d lines/);
  });

  test("whose times jump back and forth is recorded by its steps", async () => {
    const directory = makeRun(folder, "");
    const line = (step: number, time: number) =>
      JSON.stringify({ t: "step", step, time, values: { "loss/train": step } });
    const end = JSON.stringify({ t: "end", time: 1, step: 3, how: "finished" });
    writeFileSync(directory.spool, `${[line(0, 5), line(1, 1e9), line(2, 0), end].join("\n")}\n`);
    await startRecorder(bundles, directory).exit;
    const slice = new RunFileReader(directory).series({ observable: "loss/train", fromStep: 0, toStep: 9, buckets: 9 });
    expect([...slice.steps]).toEqual([0, 1, 2]);
    expect(overview(directory).status).toBe("finished");
  });
});

describe("a run file", () => {
  test("that is no database is moved aside and made anew, and the new one says so", async () => {
    const directory = makeRun(folder, "");
    writeFileSync(directory.spool, sampleSpool(100));
    await startRecorder(bundles, directory).exit;
    const undisturbed = dump(directory.runFile);
    writeFileSync(directory.runFile, "no database at all, ".repeat(1000));
    await startRecorder(bundles, directory).exit;
    expect(dump(directory.runFile)).toEqual(undisturbed);
    expect(new RunFileReader(directory).events(0, 1)[0]?.text).toMatch(/made anew.*run\.db\.old-1/);
    expect(readFileSync(`${directory.runFile}.old-1`, "utf8")).toContain("no database at all");
  });

  test("that does not agree with its spool is made anew", async () => {
    const directory = makeRun(folder, "");
    writeFileSync(directory.spool, sampleSpool(100));
    await startRecorder(bundles, directory).exit;
    writeFileSync(directory.spool, sampleSpool(40));
    await startRecorder(bundles, directory).exit;
    expect(overview(directory).step).toBe(40);
  });
});

describe("a recorder", () => {
  test("that is started twice leaves the run to the first", async () => {
    const directory = makeRun(folder, endless);
    const first = startRecorder(bundles, directory, "--start");
    await untilStep(directory, 5);
    const second = startRecorder(bundles, directory);
    expect(await second.exit).toBe(0);
    expect(second.output()).toContain("Another recorder follows this run");
    expect(isFollowed(directory)).toBe(true);
    await stopRun(directory, 0);
    await first.exit;
    expect(isFollowed(directory)).toBe(false);
  });

  test("in a folder that is no run says so", async () => {
    mkdirSync(path.join(folder, "empty"));
    const directory = makeRun(folder, "");
    rmSync(directory.manifest);
    const recorder = startRecorder(bundles, directory);
    expect(await recorder.exit).toBe(1);
    expect(recorder.output()).toContain("is not a run");
  });
});
