import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { excessOf, perStep, type Block, type Pair } from "./blockPairs.ts";
import { median, type Benchmark, type BenchmarkRow } from "./benchmark.ts";

const root = path.dirname(import.meta.dirname);
const preload = pathToFileURL(path.join(root, "dist", "probe", "preload.mjs")).href;
const scripts = path.join(root, "bench", "scripts");

interface Network {
  readonly examples: number;
  readonly inputSize: number;
  readonly width: number;
}

const tiny: Network = { examples: 32, inputSize: 8, width: 8 };
const small: Network = { examples: 64, inputSize: 8, width: 24 };
const large: Network = { examples: 512, inputSize: 64, width: 96 };

/** Against the bare script; lengths so that the first measurement, which is taken on credit, can be paid back. */
const bareWorkloads = [
  { name: "small", steps: 12_000, network: small },
  { name: "large", steps: 600, network: large },
] as const;

/** In turn with measuring off and on, `off` and `on` steps long; the first `warmUp` pairs are not counted. */
interface Blocks {
  readonly budget: number;
  readonly warmUp: number;
  readonly pairs: number;
  readonly off: number;
  readonly on: number;
}

/** Milliseconds that a step takes with measuring off; what training the network needs less goes into something else. */
interface BudgetWorkload {
  readonly stepTime: number;
  readonly network: Network;
  readonly blocks: Blocks;
}

/**
 * At each budget together long enough for some ten of the dearest measurement, so that its coming or not coming does not decide the
 * result: hence small networks, whose dearest takes a tenth or two of a second. The shorter the steps, the shorter the blocks: a
 * machine's own speed changes from second to second by more than a budget of 1 %.
 */
const budgetWorkloads: readonly BudgetWorkload[] = [
  { stepTime: 1, network: tiny, blocks: { budget: 0.2, warmUp: 40, pairs: 4000, off: 25, on: 25 } },
  { stepTime: 1, network: tiny, blocks: { budget: 0.05, warmUp: 100, pairs: 5000, off: 25, on: 25 } },
  { stepTime: 1, network: tiny, blocks: { budget: 0.01, warmUp: 300, pairs: 20_000, off: 25, on: 25 } },
  { stepTime: 20, network: small, blocks: { budget: 0.2, warmUp: 4, pairs: 40, off: 25, on: 50 } },
  { stepTime: 20, network: small, blocks: { budget: 0.05, warmUp: 8, pairs: 250, off: 25, on: 50 } },
  { stepTime: 20, network: small, blocks: { budget: 0.01, warmUp: 20, pairs: 360, off: 25, on: 50 } },
  { stepTime: 500, network: small, blocks: { budget: 0.2, warmUp: 1, pairs: 4, off: 8, on: 20 } },
  { stepTime: 500, network: small, blocks: { budget: 0.05, warmUp: 1, pairs: 3, off: 8, on: 50 } },
  { stepTime: 500, network: small, blocks: { budget: 0.01, warmUp: 1, pairs: 3, off: 8, on: 100 } },
];

/** Runs one of the scripts, bare or with the probe, and gives what it has printed. */
function printed(script: string, budget: number | undefined, args: (directory: string) => readonly string[]): string {
  const directory = mkdtempSync(path.join(tmpdir(), "orrery-bench-"));
  const probed = budget === undefined ? [] : ["--import", preload];
  const environment =
    budget === undefined ? {} : { ORRERY_RUN: directory, ORRERY_BACKEND: "script", ORRERY_BUDGET: String(budget) };
  const outcome = spawnSync(process.execPath, [...probed, path.join(scripts, script), ...args(directory)], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
    env: { ...process.env, ...environment },
  });
  rmSync(directory, { recursive: true, force: true });
  if (outcome.status !== 0) throw new Error(`The benchmark's script failed:\n${outcome.stdout}${outcome.stderr}`);
  return outcome.stdout;
}

/** What follows a word at the beginning of a line. */
function after(word: string, output: string): string[] {
  return output.split("\n").flatMap((line) => (line.startsWith(`${word} `) ? line.slice(word.length + 1) : []));
}

function sizeOf({ examples, inputSize, width }: Network): string[] {
  return [examples, inputSize, width].map(String);
}

/** Three rounds of bare, unmeasured and measured, side by side; medians of the rounds' ratios. */
function bareRows({ name, steps, network }: (typeof bareWorkloads)[number]): BenchmarkRow[] {
  const seconds = (budget: number | undefined) =>
    Number(
      after(
        "seconds",
        printed("multilayerPerceptron.mjs", budget, () => [String(steps), ...sizeOf(network)]),
      )[0],
    );
  const rounds = [0, 1, 2].map(() => {
    const bare = seconds(undefined);
    return { bare, off: seconds(0) / bare, measured: seconds(0.05) / bare };
  });
  const step = (1000 * median(rounds.map(({ bare }) => bare))) / steps;
  const how = `${steps} full-batch steps of ${step.toPrecision(2)} ms (${network.examples} examples, width ${network.width}, WebAssembly) against the bare script, median of 3 rounds`;
  const range = (ratios: readonly number[]) =>
    `${how}, which gave ${Math.min(...ratios).toPrecision(3)} to ${Math.max(...ratios).toPrecision(3)}`;
  const [off, measured] = [rounds.map((round) => round.off), rounds.map((round) => round.measured)];
  return [
    { name: `${name} network, measuring off`, value: median(off), unit: "×", how: range(off) },
    {
      name: `${name} network, default budget 5 %`,
      value: median(measured),
      unit: "×",
      how: `${range(measured)}, first measurements included`,
    },
  ];
}

/** How many steps were counted as shorter than they were. */
interface CutBlock extends Block {
  readonly cut: number;
}

/**
 * How much longer steps take at a budget, over that budget: 1 where it is used to the full and not exceeded. How single steps are
 * counted that the machine held up, `budgetBlocks.mjs` tells.
 */
function budgetRow({ stepTime, network, blocks }: BudgetWorkload): BenchmarkRow {
  const output = printed("budgetBlocks.mjs", 1, (directory) => [
    directory,
    ...sizeOf(network),
    String(stepTime),
    JSON.stringify(blocks),
  ]);
  const { pause, pairs } = JSON.parse(after("result", output)[0] ?? "") as {
    readonly pause: number;
    readonly pairs: readonly Pair<CutBlock>[];
  };
  const { budget } = blocks;
  const off = perStep(pairs.map((pair) => pair.off));
  const { longer, error } = excessOf(pairs);
  const total = (kind: "off" | "on", count: "cut" | "steps") => pairs.reduce((sum, pair) => sum + pair[kind][count], 0);
  const cut = (kind: "off" | "on") => (100 * total(kind, "cut")) / total(kind, "steps");
  return {
    name: `budget ${100 * budget} %, steps of ${stepTime} ms`,
    value: longer / budget,
    unit: "× the budget",
    how: `standard error ${(error / budget).toPrecision(2)}; steps take ${(100 * longer).toPrecision(2)} % longer than the ${(1000 * off).toPrecision(3)} ms with measuring off, of which ${pause.toPrecision(3)} ms are other work; one run, ${pairs.length} times ${blocks.off} steps off and ${blocks.on} on, on average, first measurements past; held up by the machine: ${cut("off").toPrecision(2)} % of the steps off and ${cut("on").toPrecision(2)} % on`,
  };
}

/** What the probe costs a training script: time of its loop with the probe over the time without. */
export const overhead: Benchmark = {
  title: "Overhead of the probe",
  run(): Promise<readonly BenchmarkRow[]> {
    return Promise.resolve([...bareWorkloads.flatMap(bareRows), ...budgetWorkloads.map(budgetRow)]);
  },
};
