import {
  appendFileSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { importRun } from "../../src/recorder/importRun.ts";
import { rebuildRun } from "../../src/recorder/rebuild.ts";
import { runsIn } from "../../src/run/runCollection.ts";
import type { RunDirectory } from "../../src/run/runDirectory.ts";
import { RunFileReader } from "../../src/run/runFileReader.ts";
import { dump, makeRun, sampleSpool, temporaryFolder } from "./runFixture.ts";

let folder: string;
let runs: string;

beforeEach(() => {
  folder = temporaryFolder();
  runs = path.join(folder, "here", ".orrery", "runs");
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A run as it comes from another machine. */
function foreignRun(spool: string): RunDirectory {
  const run = makeRun(path.join(folder), "");
  writeFileSync(run.spool, spool);
  return run;
}

/** Everything under a folder, by name. */
function contents(of: string): Record<string, string> {
  return Object.fromEntries(readdirSync(of).map((name) => [name, readFileSync(path.join(of, name), "utf8")]));
}

function overviewOf(run: RunDirectory) {
  return new RunFileReader(run).overview();
}

describe("a run from elsewhere", () => {
  test("becomes a run here that says what it says there, and is left as it is", async () => {
    const foreign = foreignRun(sampleSpool(600));
    writeFileSync(foreign.console, "said by the script\n");
    const before = contents(foreign.path);
    const imported = await importRun(foreign.path, runs);
    expect(contents(foreign.path)).toEqual(before);
    expect(imported.path).toBe(path.join(runs, "run"));
    expect(readFileSync(imported.console, "utf8")).toBe("said by the script\n");
    expect(overviewOf(imported)).toMatchObject({ status: "finished", id: "run" });
    await rebuildRun(foreign);
    expect(dump(imported.runFile)).toEqual(dump(foreign.runFile));
    expect(readdirSync(runs).sort()).toEqual([".gitignore", "run"]);
  });

  test("needs no run.json: the spool says what ran", async () => {
    const foreign = foreignRun(sampleSpool(40));
    rmSync(foreign.manifest);
    const imported = await importRun(foreign.path, runs);
    expect(overviewOf(imported)).toMatchObject({ status: "finished", script: "train.mjs", backend: "cpu" });
    expect(path.basename(imported.path)).toMatch(/^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-[0-9a-f]{4}$/);
    expect(runsIn(runs).map((run) => run.path)).toEqual([imported.path]);
  });

  test("that ends before its end is over here, so that no process of this machine is taken for its training", async () => {
    const [whole] = sampleSpool(40).split(/(?<=\n)(?=\{"t":"end")/);
    const foreign = foreignRun(`${whole ?? ""}{"t":"st`);
    const imported = await importRun(foreign.path, runs);
    const { status, error } = overviewOf(imported);
    expect(status).toBe("failed");
    expect(error).toContain("What was imported ends before the run does.");
    expect(readFileSync(foreign.spool, "utf8")).not.toContain('"t":"end"');
  });

  test.each(["with", "without"])(
    "%s its run.json is not imported twice, nor once more after it has gone on",
    async (how) => {
      const foreign = foreignRun(sampleSpool(40));
      if (how === "without") rmSync(foreign.manifest);
      const imported = await importRun(foreign.path, runs);
      const copy = path.join(folder, "copy");
      cpSync(foreign.path, copy, { recursive: true });
      appendFileSync(path.join(copy, "spool.jsonl"), "{}\n");
      for (const each of [foreign.path, copy, imported.path])
        await expect(importRun(each, runs)).rejects.toThrow(`there already, in ${imported.path}`);
      expect(runsIn(runs)).toHaveLength(1);
    },
  );
});

describe("an import is refused, and nothing is left behind,", () => {
  test.each<readonly [what: string, spoil: (run: RunDirectory) => void, says: string]>([
    [
      "of a folder that is not there",
      (run) => {
        rmSync(run.path, { recursive: true });
      },
      "is neither a file nor a folder",
    ],
    [
      "of a folder without a spool",
      (run) => {
        rmSync(run.spool);
      },
      "holds no spool.jsonl",
    ],
    [
      "of a spool of something else",
      (run) => {
        writeFileSync(run.spool, '{"hello":1}\n'.repeat(2000));
      },
      "not the spool of a run",
    ],
    [
      "of an empty spool",
      (run) => {
        writeFileSync(run.spool, "");
      },
      "not the spool of a run",
    ],
    [
      "of a binary file",
      (run) => {
        copyFileSync(process.execPath, run.spool);
      },
      "not the spool of a run",
    ],
    [
      "with a run.json that is torn",
      (run) => {
        writeFileSync(run.manifest, '{"version":1');
      },
      "is not JSON",
    ],
    [
      "with a run.json of another version",
      (run) => {
        writeFileSync(run.manifest, '{"version":2}');
      },
      "does not describe a run",
    ],
    [
      "with an id that leads out of the folder",
      (run) => {
        writeFileSync(run.manifest, readFileSync(run.manifest, "utf8").replace('"id":"run"', '"id":"../../elsewhere"'));
      },
      "none of ours",
    ],
    [
      "where another run has its id",
      () => {
        mkdirSync(path.join(runs, "run"), { recursive: true });
      },
      "another run of the same id",
    ],
  ])("%s", async (_what, spoil, says) => {
    const foreign = foreignRun(sampleSpool(40));
    spoil(foreign);
    const before = existsSync(runs) ? readdirSync(runs) : [];
    await expect(importRun(foreign.path, runs)).rejects.toThrow(says);
    expect(existsSync(runs) ? readdirSync(runs) : []).toEqual(before);
  });
});
