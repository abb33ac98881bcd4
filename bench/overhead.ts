import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { median, type Benchmark, type BenchmarkRow } from "./benchmark.ts";

const root = path.dirname(import.meta.dirname);
const preload = pathToFileURL(path.join(root, "dist", "probe", "preload.mjs")).href;
const script = path.join(root, "bench", "scripts", "multilayerPerceptron.mjs");

/**
 * Sizes chosen for steps of about half a millisecond, four milliseconds and fifteen; lengths so that the first measurement,
 * which is taken on credit, can be paid back.
 */
const workloads = [
  { name: "small", steps: 20_000, examples: 64, inputSize: 8, width: 24 },
  { name: "middle", steps: 3000, examples: 256, inputSize: 32, width: 64 },
  { name: "large", steps: 1200, examples: 512, inputSize: 64, width: 96 },
] as const;

type Workload = (typeof workloads)[number];

/** Seconds of the training loop, bare or with the probe at a measuring budget. */
function seconds(workload: Workload, budget: number | undefined): number {
  const directory = mkdtempSync(path.join(tmpdir(), "orrery-bench-"));
  const size = [workload.steps, workload.examples, workload.inputSize, workload.width].map(String);
  const probed = budget === undefined ? [] : ["--import", preload];
  const environment =
    budget === undefined ? {} : { ORRERY_RUN: directory, ORRERY_BACKEND: "script", ORRERY_BUDGET: String(budget) };
  const outcome = spawnSync(process.execPath, [...probed, script, ...size], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, ...environment },
  });
  rmSync(directory, { recursive: true, force: true });
  const line = outcome.stdout.split("\n").find((each) => each.startsWith("seconds "));
  if (line === undefined) throw new Error(`The benchmark's script failed:\n${outcome.stdout}${outcome.stderr}`);
  return Number(line.slice("seconds ".length));
}

/** Three rounds of bare, unmeasured and measured, side by side; the median of the rounds' ratios. */
function ratios(workload: Workload, budgets: readonly number[]): { stepMilliseconds: number; ratios: number[] } {
  const rounds = [0, 1, 2].map(() => {
    const bare = seconds(workload, undefined);
    return { bare, ratios: budgets.map((budget) => seconds(workload, budget) / bare) };
  });
  return {
    stepMilliseconds: (1000 * median(rounds.map((round) => round.bare))) / workload.steps,
    ratios: budgets.map((_, index) => median(rounds.map((round) => round.ratios[index] ?? Number.NaN))),
  };
}

/** What the probe costs a training script: time of its loop with the probe over the time without. */
export const overhead: Benchmark = {
  title: "Overhead of the probe",
  run(): Promise<readonly BenchmarkRow[]> {
    const rows = workloads.flatMap((workload) => {
      const result = ratios(workload, [0, 0.05]);
      const how = `${workload.steps} full-batch steps of ${result.stepMilliseconds.toPrecision(2)} ms (${workload.examples} examples, width ${workload.width}, WebAssembly), median of 3 rounds`;
      return [
        { name: `${workload.name} network, measuring off`, value: result.ratios[0] ?? Number.NaN, unit: "×", how },
        { name: `${workload.name} network, default budget 5 %`, value: result.ratios[1] ?? Number.NaN, unit: "×", how },
      ];
    });
    return Promise.resolve(rows);
  },
};
