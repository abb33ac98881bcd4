import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createRun, installationIn, type RunOptions } from "../../src/recorder/launch.ts";
import { LaunchError } from "../../src/recorder/launchError.ts";
import { isFollowed, takeRecorderLock } from "../../src/recorder/recorderLock.ts";
import { isLiving, markOf } from "../../src/recorder/processMark.ts";
import { readManifest } from "../../src/run/manifestFile.ts";
import { findRun, runsIn } from "../../src/run/runCollection.ts";
import { RunDirectory } from "../../src/run/runDirectory.ts";
import { RunFileError } from "../../src/run/runFileError.ts";

let folder: string;
const installation = installationIn("/orrery/dist");

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "orrery-launch-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function optionsFor(script: string): RunOptions {
  writeFileSync(path.join(folder, script), "export {};\n");
  return {
    script,
    arguments: ["--epochs", "3"],
    workingDirectory: folder,
    runsDirectory: "runs",
    backend: "wasm",
    budget: 0.1,
    node: process.execPath,
  };
}

describe("making a run", () => {
  test("writes down what will run, and how", async () => {
    const directory = await createRun(installation, optionsFor("train.mjs"));
    const manifest = readManifest(directory);
    expect(manifest).toMatchObject({
      id: path.basename(directory.path),
      script: path.join(folder, "train.mjs"),
      arguments: ["--epochs", "3"],
      backend: "wasm",
      budget: 0.1,
      // sha256sum of "export {};\n"
      scriptHash: "8e609bb71c20b858c77f0e9f90bb1319db8477b13f9f965f1a1e18524bf50881",
    });
  });

  test("has Node compile TypeScript, and only then, and loads the probe before the script", async () => {
    const [plain, typed] = await Promise.all(
      ["train.mjs", "train.ts"].map(async (script) => {
        const directory = await createRun(installation, optionsFor(script));
        return readManifest(directory).runtime.arguments;
      }),
    );
    expect(plain).toEqual(["--import", "file:///orrery/dist/probe/preload.mjs"]);
    expect(typed?.slice(-2)).toEqual(plain);
    expect(typed).toContain("--experimental-transform-types");
  });

  test("keeps a new folder of runs out of the user's repository", async () => {
    await createRun(installation, optionsFor("train.mjs"));
    expect(readFileSync(path.join(folder, "runs", ".gitignore"), "utf8")).toBe("*\n");
  });

  test("of a folder is refused", async () => {
    mkdirSync(path.join(folder, "folder.js"));
    const options = { ...optionsFor("train.mjs"), script: "folder.js" };
    await expect(createRun(installation, options)).rejects.toThrow(LaunchError);
  });
});

describe("finding a run", () => {
  function runNamed(id: string): void {
    mkdirSync(path.join(folder, id));
    writeFileSync(path.join(folder, id, "run.json"), "{}");
  }

  test("goes by directory, id, beginning, end, or `latest`", () => {
    ["2026-01-01T00-00-00-aaaa", "2026-01-02T00-00-00-bbbb"].forEach(runNamed);
    const newest = runsIn(folder)[0]?.path ?? "";
    expect(path.basename(newest)).toBe("2026-01-02T00-00-00-bbbb");
    for (const name of ["latest", newest, path.basename(newest), "2026-01-02", "bbbb"]) {
      expect(findRun(folder, name).path).toBe(newest);
    }
  });

  test("that is none or more than one is an error that says which", () => {
    ["2026-01-01T00-00-00-aaaa", "2026-01-02T00-00-00-bbbb"].forEach(runNamed);
    expect(() => findRun(folder, "2026")).toThrow(/more than one run: .*bbbb.*aaaa/);
    expect(() => findRun(folder, "2027")).toThrow(RunFileError);
  });
});

describe("the recorder's lock", () => {
  test("is held by one, seen by all, and gone when it is released", () => {
    const directory = new RunDirectory(folder);
    expect(isFollowed(directory)).toBe(false);
    const lock = takeRecorderLock(directory);
    expect(lock).toBeDefined();
    expect(isFollowed(directory)).toBe(true);
    expect(takeRecorderLock(directory)).toBeUndefined();
    lock?.[Symbol.dispose]();
    expect(isFollowed(directory)).toBe(false);
    takeRecorderLock(directory)?.[Symbol.dispose]();
  });
});

test("a process id that is used again is not taken for the process that had it", async () => {
  const own = await markOf(process.pid);
  expect(own && (await isLiving(own))).toBe(true);
  expect(await isLiving({ pid: process.pid, started: "another time" })).toBe(false);
});
