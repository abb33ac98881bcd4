import { spawnSync } from "node:child_process";
import path from "node:path";
import type { Benchmark, BenchmarkRow } from "./benchmark.ts";
import type { BenchmarkModel } from "./models/benchmarkModel.ts";
import { benchmarkModels, type ModelName } from "./models/benchmarkModels.ts";

const scripts = path.join(import.meta.dirname, "scripts");

interface Contender {
  readonly title: string;
  readonly steps: number;
  readonly command: (model: ModelName, steps: number) => readonly [executable: string, ...words: string[]];
}

function tensorflow(backend: "wasm" | "cpu", kernels: "stock" | "probe"): Contender["command"] {
  return (model, steps) => [
    process.execPath,
    path.join(scripts, "adamSteps.ts"),
    ...[backend, kernels, model, String(steps)],
  ];
}

const contenders: readonly Contender[] = [
  { title: "WebAssembly as the probe sets it up", steps: 20, command: tensorflow("wasm", "probe") },
  { title: "stock WebAssembly", steps: 10, command: tensorflow("wasm", "stock") },
  { title: "stock plain JavaScript", steps: 1, command: tensorflow("cpu", "stock") },
];

/** PyTorch, on a Python that has it. */
function pytorch(): Contender[] {
  const python = ["python3", "/usr/bin/python3"].find(
    (executable) => spawnSync(executable, ["-c", "import torch"]).status === 0,
  );
  if (python === undefined) return [];
  const command: Contender["command"] = (model, steps) => [
    python,
    path.join(scripts, "adam_steps.py"),
    ...[model, String(steps)],
  ];
  return [{ title: "PyTorch on one thread", steps: 20, command }];
}

function row(contender: Contender, model: ModelName, { name, description }: BenchmarkModel): BenchmarkRow {
  const [executable, ...words] = contender.command(model, contender.steps);
  const { stdout, stderr } = spawnSync(executable, words, { encoding: "utf8" });
  const answer = stdout.split("\n").find((line) => /^(milliseconds|failed) /.test(line));
  if (answer === undefined) throw new Error(`Steps of ${model}, ${contender.title}:\n${stdout}${stderr}`);
  const [kind = "", ...rest] = answer.split(" ");
  const isMeasured = kind === "milliseconds";
  return {
    name: `${name}, ${contender.title}`,
    value: isMeasured ? Number(rest[0]) : Number.NaN,
    unit: "ms",
    how: isMeasured
      ? `${description}; an Adam step, median of ${contender.steps}`
      : `does not train: ${rest.join(" ").replaceAll("|", "/")}`,
  };
}

/** Times of a training step of the same models on what a script may run on. */
export const stepTimes: Benchmark = {
  title: "Training steps",
  run(): Promise<readonly BenchmarkRow[]> {
    const all = [...contenders, ...pytorch()];
    const names = Object.keys(benchmarkModels) as ModelName[];
    const rows = names.flatMap((name) => {
      const model = benchmarkModels[name]();
      model.dispose();
      return all.map((contender) => row(contender, name, model));
    });
    return Promise.resolve(rows);
  },
};
