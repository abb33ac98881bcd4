import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { findPython } from "../../scripts/python.ts";
import { appendLatestSteps } from "../../src/recorder/latestSteps.ts";
import { RunDirectory } from "../../src/run/runDirectory.ts";
import { fixtures, readRecords, root, run, type Outcome, type ProbedOutcome } from "./probeRun.ts";

export const python = findPython();

const inspectScript = path.join(root, "src", "probe", "torch", "inspect_script.py");

export function torchFixture(name: string): string {
  return path.join(fixtures, "torch", name);
}

/** On networks of the tests' sizes threads only wait for each other: they take twice as long. */
export const oneThread = { OMP_NUM_THREADS: "1" };

/** Runs a Python script as its user would. */
export function runBarePython(
  script: string,
  args: readonly string[] = [],
  input = "",
  executable = required(),
): Promise<Outcome> {
  return run(executable, ["-u", script, ...args], oneThread, input);
}

/** Runs a Python script under the probe, and reads what it has recorded; every line must be a valid record. */
export async function runProbedPython(
  script: string,
  args: readonly string[] = [],
  budget = 1,
  settings: Readonly<Record<string, string>> = {},
  input = "",
  executable = required(),
): Promise<ProbedOutcome> {
  const directory = mkdtempSync(path.join(tmpdir(), "orrery-torch-"));
  try {
    const environment = {
      ...oneThread,
      ORRERY_RUN: directory,
      ORRERY_BUDGET: String(budget),
      RUN_UNDER_TEST: directory,
      ...settings,
    };
    const outcome = await run(executable, ["-u", inspectScript, script, ...args], environment, input);
    // As the recorder does.
    appendLatestSteps(new RunDirectory(directory));
    return { ...outcome, records: readRecords(directory) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function required(): string {
  if (python === undefined) throw new Error("no Python with PyTorch");
  return python;
}
