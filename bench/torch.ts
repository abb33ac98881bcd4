import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { findPython } from "../scripts/python.ts";
import { cacheFolder } from "../scripts/workbench.ts";
import { excessOf, perStep, type Pair } from "./blockPairs.ts";
import { median, type Benchmark, type BenchmarkRow } from "./benchmark.ts";

const root = path.dirname(import.meta.dirname);
const probe = path.join(root, "src", "probe", "torch");
const scripts = path.join(root, "bench", "scripts");

/** What people measure curvature with today, as published; installed once, outside the project. */
const peers = ["pyhessian==0.1", "hessian-eigenthings==1.0.0a5", "tqdm"];
const peersFolder = path.join(cacheFolder, "hessians-1");

const measurements = 21;

/** Where one eigenvalue stands out, and where as many as there are classes lie close to each other. */
const tasks = [
  { task: "polynomial", network: "1-24-24-1, tanh, T₄ on 64 points, learning rate 0.05" },
  { task: "classes", network: "24-24-24-10, tanh, squared error of 512 one-hot labels, learning rate 3" },
] as const;

/** Examples, inputs, width. */
const sizes = [64, 16, 32] as const;

/** Milliseconds that steps take with measuring off; what training the network needs less goes into something else. */
const stepTimes = { alwaysOn: [0, 1], budgets: [1, 20] } as const;

const alwaysOn = { pairs: 400, steps: 25 } as const;

/** Blocks are long enough that several measurements fall into one, so that what one leaves behind is in those that are measured. */
const blocks = {
  1: [
    { budget: 0.05, pairs: 300, off: 0.15, on: 0.3 },
    { budget: 0.01, pairs: 600, off: 0.15, on: 0.3 },
  ],
  20: [
    { budget: 0.05, pairs: 60, off: 0.6, on: 1.2 },
    { budget: 0.01, pairs: 120, off: 0.6, on: 1.2 },
  ],
} as const;

interface Blocks {
  readonly budget: number;
  readonly pairs: number;
  readonly off: number;
  readonly on: number;
}

function printed(python: string, words: readonly string[], environment: Readonly<Record<string, string>>): string {
  const outcome = spawnSync(python, words, { cwd: root, encoding: "utf8", env: { ...process.env, ...environment } });
  const line = outcome.stdout.split("\n").find((each) => each.startsWith("result "));
  if (line === undefined) throw new Error(`The benchmark's script failed:\n${outcome.stdout}${outcome.stderr}`);
  return line.slice("result ".length);
}

/** What a script prints that the probe runs. */
function probed(python: string, script: string, budget: number, words: readonly string[]): string {
  const directory = mkdtempSync(path.join(tmpdir(), "orrery-bench-"));
  const environment = { ORRERY_RUN: directory, ORRERY_BUDGET: String(budget), RUN_UNDER_TEST: directory };
  try {
    const inspect = path.join(probe, "inspect_script.py");
    return printed(python, [inspect, path.join(scripts, script), ...sizes.map(String), ...words], environment);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const how = `${sizes[0]} examples, width ${sizes[2]}, one thread`;

function alwaysOnRow(python: string, stepTime: number): BenchmarkRow {
  const { pairs, steps } = alwaysOn;
  const output = probed(python, "torch_always_on.py", 0, [String(stepTime), String(pairs), String(steps)]);
  const found = JSON.parse(output) as readonly (readonly [past: number, under: number])[];
  const past = median(found.map(([each]) => each));
  const longer = median(found.map(([bare, under]) => under - bare));
  return {
    name: `steps of ${(1000 * past).toPrecision(2)} ms, measuring off`,
    value: 1 + longer / past,
    unit: "×",
    how: `${how}; ${(1e6 * longer).toPrecision(2)} µs a step longer than past the probe, median of ${pairs} pairs of ${steps} steps, in one run`,
  };
}

function budgetRow(python: string, stepTime: number, block: Blocks): BenchmarkRow {
  const output = probed(python, "torch_budget_blocks.py", 1, [String(stepTime), JSON.stringify(block)]);
  const pairs = JSON.parse(output) as readonly Pair[];
  const off = perStep(pairs.map((pair) => pair.off));
  const { longer, error } = excessOf(pairs);
  return {
    name: `budget ${100 * block.budget} %, steps of ${stepTime} ms`,
    value: longer / block.budget,
    unit: "× the budget",
    how: `standard error ${(error / block.budget).toPrecision(2)}; ${how}; steps take ${(100 * longer).toPrecision(2)} % longer than the ${(1000 * off).toPrecision(3)} ms with measuring off; one run, ${block.pairs} times ${block.off} s off and ${block.on} s on, first measurements past`,
  };
}

function overheadRows(python: string): BenchmarkRow[] {
  return [
    ...stepTimes.alwaysOn.map((stepTime) => alwaysOnRow(python, stepTime)),
    ...stepTimes.budgets.flatMap((stepTime) => blocks[stepTime].map((block) => budgetRow(python, stepTime, block))),
  ];
}

/** Installs the peers where they are not there and can be had; the benchmark does without those that are not. */
function installPeers(python: string): void {
  if (existsSync(peersFolder)) return;
  spawnSync(python, ["-m", "pip", "install", "--quiet", "--no-deps", "--target", peersFolder, ...peers], {
    stdio: "inherit",
  });
}

function sharpnessRows(python: string, { task, network }: (typeof tasks)[number]): BenchmarkRow[] {
  const environment = { PYTHONPATH: [probe, peersFolder].join(path.delimiter) };
  const script = path.join(scripts, "torch_sharpness.py");
  const found = JSON.parse(printed(python, [script, task, String(measurements)], environment)) as Readonly<
    Record<string, readonly (readonly [seconds: number, error: number])[]>
  >;
  return Object.entries(found).flatMap(([name, measured]) => {
    const how = `${network}; at the edge of stability, every 10 steps, ${measured.length} measurements in turn on the same weights, one thread`;
    return [
      {
        name: `${task}: sharpness by ${name}`,
        value: 1000 * median(measured.map(([seconds]) => seconds)),
        unit: "ms",
        how: `${how}; median`,
      },
      {
        name: `${task}: sharpness by ${name}`,
        value: Math.max(...measured.map(([, error]) => error)),
        unit: "relative error",
        how: `${how}; the worst, against the dense Hessian in double precision`,
      },
    ];
  });
}

/** What the probe costs a PyTorch script, and its sharpness beside what people use today. */
export const torch: Benchmark = {
  title: "PyTorch",
  run(): Promise<readonly BenchmarkRow[]> {
    const python = findPython();
    if (python === undefined) return Promise.resolve([]);
    installPeers(python);
    return Promise.resolve([...overheadRows(python), ...tasks.flatMap((task) => sharpnessRows(python, task))]);
  },
};
