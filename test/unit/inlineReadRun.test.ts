import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { InlineRun } from "../../src/editor/inline/inlineRun.ts";
import { readInlineRun } from "../../src/editor/inline/readInlineRun.ts";
import { rebuildRun } from "../../src/recorder/rebuild.ts";
import { RunDirectory } from "../../src/run/runDirectory.ts";
import { RunFileReader } from "../../src/run/runFileReader.ts";
import type { RunManifest } from "../../src/run/runManifest.ts";

const script = "/somewhere/train.ts";
const helper = "/somewhere/model.ts";
const site = (file: string, line: number) => ({ file, line, column: 5 });

const records: readonly object[] = [
  {
    t: "begin",
    time: 0,
    protocol: 1,
    probe: "0.1.0",
    framework: { name: "TensorFlow.js", version: "4.22.0" },
    runtime: "Node",
    device: "cpu",
    backend: "cpu",
    backendReason: "",
    pid: 1,
    script,
  },
  {
    t: "model",
    time: 0,
    step: 0,
    id: "m",
    name: "m",
    modules: [
      { path: "a", kind: "Dense", parameterShapes: [[3, 8], [8]], parameters: 32, source: site(helper, 4) },
      { path: "b", kind: "Dropout", parameterShapes: [], parameters: 0 },
    ],
    parameters: 32,
    source: site(script, 2),
  },
  {
    t: "optimizer",
    time: 0,
    step: 0,
    id: "o",
    kind: "sgd",
    name: "SGD",
    groups: [{ parameters: 32, learningRate: 0.1 }],
    schedule: "constant",
    source: site(script, 9),
  },
  { t: "data", time: 0, step: 0, batch: 16, how: "as fit was told" },
  { t: "measure", step: 0, time: 0, values: { "sharpness/batch": 5 }, cost: 0.1, method: "Lanczos", sample: 16 },
  { t: "step", step: 0, time: 0, values: { "loss/train": 2 } },
  {
    t: "measure",
    step: 0,
    time: 0,
    values: { "activation/deadFraction@a": 0.25, "activation/deadFraction@a/null": 0.001 },
    cost: 0,
    method: "of the activations",
    sample: 16,
  },
  { t: "step", step: 1, time: 1, values: { "loss/train": "NaN" } },
  { t: "note", step: 1, time: 1, severity: "warning", code: "evaluation-mode", text: "Dropout is off." },
  {
    t: "measure",
    step: 1,
    time: 1,
    values: { "sharpness/batch": 19 },
    error: { "sharpness/batch": 0.5 },
    cost: 0.1,
    method: "Lanczos",
    sample: 16,
  },
  { t: "end", time: 2, step: 2, how: "diverged" },
];

let root: string;
let run: InlineRun;

beforeEach(async () => {
  root = mkdtempSync(path.join(tmpdir(), "orrery-inline-"));
  const directory = new RunDirectory(path.join(root, "a"));
  mkdirSync(directory.path);
  const manifest: RunManifest = {
    version: 1,
    id: "a",
    script,
    arguments: [],
    workingDirectory: "/somewhere",
    startedAt: 1,
    scriptHash: "5c",
    runtime: { executable: "node", version: "24.0.0", arguments: [], environment: {} },
    backend: "auto",
    budget: 0.05,
  };
  writeFileSync(directory.manifest, JSON.stringify(manifest));
  writeFileSync(directory.spool, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
  await rebuildRun(directory);
  run = readInlineRun(new RunFileReader(directory), manifest, (file, since) =>
    file === helper && since === 1 ? "4e" : undefined,
  );
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

test("names the texts that its places are of: the script's as it was run, and a helper's that has not changed since", () => {
  expect(run.texts).toEqual({ [script]: "5c", [helper]: "4e" });
});

test("has models with their layers' last readings, their null value, method and sample", () => {
  const [model] = run.models;
  expect(model?.source).toEqual(site(script, 2));
  expect(model?.modules.map(({ path: name, units }) => [name, units])).toEqual([
    ["a", 8],
    ["b", undefined],
  ]);
  expect(model?.modules[0]?.readings["activation/deadFraction"]).toMatchObject({
    step: 0,
    value: 0.25,
    nullValue: 0.001,
    method: "of the activations",
    sample: 16,
  });
});

test("has the optimizer, its threshold, and the sharpness when it was first and last measured", () => {
  expect(run.optimizers).toHaveLength(1);
  expect(run.threshold).toMatchObject({ formula: "2/η", value: 20 });
  expect(run.firstSharpness).toMatchObject({ step: 0, value: 5, sample: 16 });
  expect(run.lastSharpness).toMatchObject({ step: 1, value: 19, error: 0.5 });
});

test("has the probe's note that steps were taken in evaluation mode", () => {
  expect(run.evaluation).toMatchObject({ step: 1, text: "Dropout is off." });
});

test("says how it ended, and keeps a NaN", () => {
  expect(run.status).toBe("diverged");
  expect(run.lastLoss?.value).toBeNaN();
  expect(run.data?.batch).toBe(16);
});
