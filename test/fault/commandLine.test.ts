import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { runsIn } from "../../src/run/runCollection.ts";
import { RunFileReader } from "../../src/run/runFileReader.ts";
import { openDatabase } from "../../src/run/sqlite.ts";
import { bundleInto, spoolWriter, start, temporaryFolder, until, type Started } from "./runFixture.ts";

let folder: string;
const bundles = temporaryFolder();

// The probe's part is played by scripts that write their own spool.
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

function orrery(...words: readonly string[]): Started {
  return start([path.join(bundles, "orrery.mjs"), ...words], folder);
}

function script(text: string): string {
  writeFileSync(path.join(folder, "train.mjs"), text);
  return "train.mjs";
}

const wholeRun = `${spoolWriter} for (let k = 0; k < 50; k++) step(k);
  write({ t: "end", time: 1, step: 50, how: "finished", exitCode: 0 });`;
const endless = `${spoolWriter} let k = 0; setInterval(() => step(k++), 5);`;

async function outcome(process: Started) {
  const code = await process.exit;
  return { code, output: process.output() };
}

const listSchema = z.array(z.object({ id: z.string(), status: z.string() }));

describe("orrery inspect", () => {
  test("shows progress, then the ledger and where the run lies, and exits with 0", async () => {
    const { code, output } = await outcome(orrery("inspect", script(wholeRun)));
    expect(output).toMatch(
      /step 50 {2}loss 0\.02[^]*finished[^]*Ledger[^]*Laws that made no forecast[^]*The run is in .*\.orrery.runs/,
    );
    expect(code).toBe(0);
  });

  test("of a script with a syntax error prints that error and exits with 1", async () => {
    const { code, output } = await outcome(orrery("inspect", script("const = ;")));
    expect(output).toMatch(/failed[^]*train\.mjs:1[^]*SyntaxError/);
    expect(code).toBe(1);
  });

  test("of a script that throws at step 100 prints what it threw, keeps 100 steps and exits with 1", async () => {
    const text = `${spoolWriter} for (let k = 0; k < 100; k++) step(k); throw new Error("out of data");`;
    const { code, output } = await outcome(orrery("inspect", script(text)));
    expect(output).toMatch(/failed, step 100[^]*Error: out of data/);
    expect(code).toBe(1);
  });

  test("of a script whose loss goes NaN says that it diverged and exits with 1", async () => {
    const text = `${spoolWriter} step(0); write({ t: "step", step: 1, time: 1, values: { "loss/train": "NaN" } });
      write({ t: "end", time: 1, step: 2, how: "diverged" });`;
    const { code, output } = await outcome(orrery("inspect", script(text)));
    expect(output).toMatch(/diverged[^]*no longer a finite number/);
    expect(code).toBe(1);
  });

  test("passes the script everything that follows its name, and --json prints nothing but JSON", async () => {
    const text = `${wholeRun} console.log(process.argv.slice(2).join(" "));`;
    const started = orrery("inspect", "--json", script(text), "--json", "--budget", "x");
    const { code, output } = await outcome(started);
    const { run } = z
      .object({ run: z.object({ arguments: z.array(z.string()), step: z.number() }) })
      .parse(JSON.parse(output));
    expect(run).toEqual({ arguments: ["--json", "--budget", "x"], step: 50 });
    expect(code).toBe(0);
  });

  test("interrupted by Ctrl-C stops the script, still prints the ledger and exits with 130", async () => {
    const started = orrery("inspect", script(endless));
    await until(() => /step \d+ {2}loss/.test(started.output()));
    started.child.kill("SIGINT");
    const { code, output } = await outcome(started);
    expect(output).toMatch(/stopped, step[^]*Ledger/);
    expect(code).toBe(130);
  });

  test("detached returns at once; the run is listed and can be stopped", async () => {
    const started = orrery("inspect", "--detach", script(endless));
    expect(await started.exit).toBe(0);
    const [directory] = runsIn(path.join(folder, ".orrery", "runs"));
    expect(started.output().trim()).toBe(directory?.path);
    const status = async () =>
      listSchema.parse(JSON.parse((await outcome(orrery("list", "--json"))).output))[0]?.status;
    await until(async () => (await status()) === "running");
    expect((await outcome(orrery("stop", "latest"))).code).toBe(0);
    await until(async () => (await status()) === "stopped");
  });

  test.each([
    ["a missing script", ["inspect", "nowhere.mjs"], 4, "There is no script at"],
    ["a script of another language", ["inspect", "train.rb"], 4, "must end in .js"],
    ["a Node that is none", ["inspect", "--node", "/no/node", "train.mjs"], 4, "Give the path of a Node executable"],
    ["no script", ["inspect"], 2, "needs a script"],
    ["an unknown option", ["inspect", "--colour", "train.mjs"], 2, "--colour"],
    ["an unknown backend", ["inspect", "--backend", "abacus", "train.mjs"], 2, "choose auto"],
    ["a budget above 100 %", ["inspect", "--budget", "200%", "train.mjs"], 2, "at most 100%"],
    ["an unknown command", ["inspekt"], 2, "There is no command"],
    ["a run that is not there", ["show", "zzz"], 3, 'There is no run "zzz"'],
    ["no runs at all", ["ledger", "latest"], 3, "There are no runs"],
  ])("given %s says so", async (_what, words, code, text) => {
    script(wholeRun);
    const result = await outcome(orrery(...words));
    expect(result.output).toContain(text);
    expect(result.code).toBe(code);
  });

  test("with an unwritable run folder says so and starts nothing", async () => {
    // A file in the folder's place cannot be written into by anybody, not even by root.
    writeFileSync(path.join(folder, "taken"), "");
    const { code, output } = await outcome(orrery("inspect", "--out", "taken/runs", script(wholeRun)));
    expect(output).toMatch(/cannot be kept in .*taken.runs.*choose another/);
    expect(code).toBe(4);
  });
});

describe("a stored run", () => {
  test("that cannot be read says how to rebuild it, and reads as before when that is done", async () => {
    await outcome(orrery("inspect", script(wholeRun)));
    const before = await outcome(orrery("show", "latest", "--json"));
    const [directory] = runsIn(path.join(folder, ".orrery", "runs"));
    writeFileSync(directory?.runFile ?? "", "garbage ".repeat(1000));
    const broken = await outcome(orrery("show", "latest"));
    expect(broken).toMatchObject({ code: 3, output: expect.stringContaining("orrery rebuild") as string });
    expect((await outcome(orrery("rebuild", "latest"))).code).toBe(0);
    expect(await outcome(orrery("show", "latest", "--json"))).toEqual(before);
  });

  test("of an earlier version is brought up to date by the list, and reads as before", async () => {
    await outcome(orrery("inspect", script(wholeRun)));
    const before = await outcome(orrery("list", "--json"));
    const [directory] = runsIn(path.join(folder, ".orrery", "runs"));
    const database = openDatabase(directory?.runFile ?? "", { patience: 0 });
    database.exec("PRAGMA user_version = 1");
    database.close();
    expect(await outcome(orrery("list", "--json"))).toEqual(before);
    expect(directory && new RunFileReader(directory).overview()).toMatchObject({ step: 50, status: "finished" });
  });

  test("copied in without its run file is rebuilt from its spool alone, and the spool is left as it is", async () => {
    await outcome(orrery("inspect", script(`${spoolWriter} for (let k = 0; k < 50; k++) step(k);`)));
    const [directory] = runsIn(path.join(folder, ".orrery", "runs"));
    const copy = path.join(folder, ".orrery", "runs", "copied");
    mkdirSync(copy);
    const fs = process.getBuiltinModule("node:fs");
    const withoutEnd = fs
      .readFileSync(directory?.spool ?? "", "utf8")
      .split("\n")
      .slice(0, 30)
      .join("\n");
    writeFileSync(path.join(copy, "spool.jsonl"), `${withoutEnd}\n`);
    fs.copyFileSync(directory?.manifest ?? "", path.join(copy, "run.json"));
    expect((await outcome(orrery("rebuild", "copied"))).code).toBe(0);
    expect(readdirSync(copy)).not.toContain("recorder.log");
    const named = runsIn(path.join(folder, ".orrery", "runs")).find((each) => each.path === copy);
    expect(named && new RunFileReader(named).overview()).toMatchObject({ step: 28, status: "running" });
    expect(fs.readFileSync(path.join(copy, "spool.jsonl"), "utf8")).toBe(`${withoutEnd}\n`);
  });
});
