import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { importRun } from "../../src/recorder/importRun.ts";
import { readManifest } from "../../src/run/manifestFile.ts";
import { RunDirectory } from "../../src/run/runDirectory.ts";
import { RunFileReader } from "../../src/run/runFileReader.ts";
import { readRecords, root, run } from "./probeRun.ts";
import { oneThread, python, torchFixture } from "./torchRun.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "orrery-standalone-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a script with nothing of ours but the Python package. */
function standalone(...words: readonly string[]) {
  const environment = {
    ...oneThread,
    PYTHONPATH: path.join(root, "src", "probe", "torch"),
    PYTHONDONTWRITEBYTECODE: "1",
  };
  return run(python ?? "", ["-m", "orrery_probe", ...words], environment);
}

describe.skipIf(python === undefined)("`python -m orrery_probe`, on a machine that has no Node,", () => {
  test("makes a folder that another machine imports as a run, and writes over no run", async () => {
    const out = path.join(folder, "there", "first");
    const script = torchFixture("command_line.py");
    const outcome = await standalone("--out", out, "--budget", "0", script, "--steps", "3", "--width", "2");
    expect(outcome).toMatchObject({ exitCode: 0, errors: "" });
    const manifest = readManifest(new RunDirectory(out));
    expect(manifest).toMatchObject({ script, arguments: ["--steps", "3", "--width", "2"], budget: 0 });

    const imported = await importRun(out, path.join(folder, "here"));
    expect(path.basename(imported.path)).toBe(manifest.id);
    const { status, step, framework } = new RunFileReader(imported).overview();
    expect({ status, step }).toEqual({ status: "finished", step: 3 });
    expect(framework).toMatch(/^PyTorch \d/);

    const records = readRecords(out);
    const again = await standalone("--out", out, script);
    expect(again.exitCode).toBe(1);
    expect(again.errors).toContain("holds a run already");
    expect(readRecords(out)).toEqual(records);
  });

  test("names the script that is not there, and the folder that cannot be made", async () => {
    const missing = await standalone("--out", path.join(folder, "run"), path.join(folder, "nowhere.py"));
    expect(missing).toMatchObject({ exitCode: 1, output: "" });
    expect(missing.errors).toContain("there is no script at");
    const occupied = path.join(folder, "file");
    writeFileSync(occupied, "");
    const unmade = await standalone("--out", path.join(occupied, "run"), torchFixture("plain_loop.py"));
    expect(unmade.exitCode).toBe(1);
    expect(unmade.errors).toMatch(/^orrery_probe: .*file/);
  });
});
