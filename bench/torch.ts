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

/** Milliseconds of each step go into something else than training the network, which takes about one on one thread. */
const workloads = [
  { name: "1 ms", pause: 0 },
  { name: "20 ms", pause: 19 },
] as const;

const blocks = [
  { budget: 0, pairs: 40, off: 0.3, on: 0.3 },
  { budget: 0.05, pairs: 80, off: 0.4, on: 0.8 },
  { budget: 0.01, pairs: 120, off: 0.4, on: 0.8 },
] as const;

function printed(python: string, words: readonly string[], environment: Readonly<Record<string, string>>): string {
  const outcome = spawnSync(python, words, { cwd: root, encoding: "utf8", env: { ...process.env, ...environment } });
  const line = outcome.stdout.split("\n").find((each) => each.startsWith("result "));
  if (line === undefined) throw new Error(`The benchmark's script failed:\n${outcome.stdout}${outcome.stderr}`);
  return line.slice("result ".length);
}

/** Under the probe or bare. */
function pairsOf(python: string, pause: number, block: (typeof blocks)[number], probed: boolean): readonly Pair[] {
  const directory = mkdtempSync(path.join(tmpdir(), "orrery-bench-"));
  const script = [
    path.join(scripts, "torch_budget_blocks.py"),
    ...sizes.map(String),
    String(pause),
    JSON.stringify(block),
  ];
  try {
    const words = probed ? [path.join(probe, "inspect_script.py"), ...script] : script;
    const environment = probed ? { ORRERY_RUN: directory, ORRERY_BUDGET: "1", RUN_UNDER_TEST: directory } : {};
    return JSON.parse(printed(python, words, environment)) as readonly Pair[];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function overheadRows(python: string): BenchmarkRow[] {
  return workloads.flatMap(({ name, pause }) =>
    blocks.map((block) => {
      const pairs = pairsOf(python, pause, block, true);
      const how = `${sizes[0]} examples, width ${sizes[2]}, one thread${pause > 0 ? `, and ${pause} ms of other work a step` : ""}`;
      const off = perStep(pairs.map((pair) => pair.off));
      if (block.budget === 0) {
        const bare = perStep(pairsOf(python, pause, block, false).map((pair) => pair.off));
        return {
          name: `steps of ${name}, measuring off`,
          value: off / bare,
          unit: "×",
          how: `${how}; against ${(1000 * bare).toPrecision(3)} ms of the bare script, one run each`,
        };
      }
      const { longer, error } = excessOf(pairs);
      return {
        name: `budget ${100 * block.budget} %, steps of ${name}`,
        value: longer / block.budget,
        unit: "× the budget",
        how: `standard error ${(error / block.budget).toPrecision(2)}; ${how}; steps take ${(100 * longer).toPrecision(2)} % longer than the ${(1000 * off).toPrecision(3)} ms with measuring off; one run, ${block.pairs} times ${block.off} s off and ${block.on} s on, first measurements past`,
      };
    }),
  );
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
