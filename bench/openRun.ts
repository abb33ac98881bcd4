/** What it takes to open a run of 1,000,000 steps, and how fast a recorder turns a spool into rows. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { median, type Benchmark, type BenchmarkRow } from "./benchmark.ts";
import { rebuildRun } from "../src/recorder/rebuild.ts";
import { RunDirectory } from "../src/run/runDirectory.ts";
import { RunFileReader } from "../src/run/runFileReader.ts";
import type { RunManifest } from "../src/run/runManifest.ts";
import { RunWriter } from "../src/run/runWriter.ts";

const steps = 1_000_000;
const spoolSteps = 100_000;
/** As wide as a large screen: two points a pixel. */
const buckets = 4000;

const manifest: RunManifest = {
  version: 1,
  id: "bench",
  script: "train.ts",
  arguments: [],
  workingDirectory: ".",
  startedAt: 0,
  scriptHash: "0",
  runtime: { executable: "node", version: process.versions.node, arguments: [], environment: {} },
  backend: "auto",
  budget: 0.05,
};

export const openRun: Benchmark = {
  title: "Reading and recording runs",
  async run() {
    const folder = mkdtempSync(path.join(tmpdir(), "orrery-bench-"));
    try {
      const directory = new RunDirectory(folder);
      writeFileSync(directory.manifest, JSON.stringify(manifest));
      return [...openingRows(directory), ...(await recordingRows(directory))];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

function openingRows(directory: RunDirectory): BenchmarkRow[] {
  writeRun(directory);
  let rows = 0;
  const milliseconds = Array.from({ length: 9 }, () => {
    const began = performance.now();
    using reader = new RunFileReader(directory);
    const whole = { fromStep: 0, toStep: steps, buckets };
    reader.overview();
    reader.ledger();
    reader.events(0, 1000);
    const slices = ["loss/train", "sharpness/batch"].map((observable) => reader.series({ observable, ...whole }));
    rows = slices.reduce((sum, each) => sum + each.steps.length, 0);
    return performance.now() - began;
  });
  const how = `overview, ledger, events and two series at ${buckets} buckets each, median of ${milliseconds.length}`;
  return [
    { name: "opening a run of 1,000,000 steps", value: median(milliseconds), unit: "ms", how },
    { name: "rows of series read for it", value: rows, unit: "rows", how: "one row a bucket" },
    {
      name: "size of its run file",
      value: statSync(directory.runFile).size / steps,
      unit: "bytes a step",
      how: "loss at every step, sharpness at every hundredth, with summaries",
    },
  ];
}

function writeRun(directory: RunDirectory): void {
  using writer = RunWriter.open(directory.runFile, manifest);
  for (let step = 0; step < steps; step++) {
    writer.point("loss/train", step, 1 / (1 + step), 0);
    if (step % 100 === 0) writer.point("sharpness/batch", step, 40 + Math.sin(step), 1e-4);
    if (step % 50_000 === 0) writer.commit({ offset: step + 1, line: step + 1 });
  }
  writer.commit({ offset: steps, line: steps });
  writer.finish();
}

async function recordingRows(directory: RunDirectory): Promise<BenchmarkRow[]> {
  const lines = Array.from({ length: spoolSteps }, (_, step) => {
    const values = {
      "loss/train": 1 / (1 + step),
      "optimizer/learningRate": 0.05,
      "batch/size": 64,
      "step/seconds": 0.001,
    };
    return `${JSON.stringify({ t: "step", step, time: step / 1000, values })}\n`;
  });
  writeFileSync(directory.spool, lines.join(""));
  const began = performance.now();
  await rebuildRun(directory);
  const seconds = (performance.now() - began) / 1000;
  const how = `a spool of ${spoolSteps} steps with 4 values each, read, checked, forecast upon and written`;
  return [{ name: "recording a spool", value: (spoolSteps * 4) / seconds, unit: "rows/s", how }];
}
