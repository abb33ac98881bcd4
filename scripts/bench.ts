/** `npm run bench`: runs every benchmark and writes `docs/benchmarks.md`. */
import { writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Benchmark, BenchmarkRow } from "../bench/benchmark.ts";
import { activation } from "../bench/activation.ts";
import { convergedSharpness } from "../bench/convergedSharpness.ts";
import { hessianProducts } from "../bench/hessianProducts.ts";
import { openRun } from "../bench/openRun.ts";
import { overhead } from "../bench/overhead.ts";
import { stepTimes } from "../bench/stepTimes.ts";

const benchmarks: readonly Benchmark[] = [
  overhead,
  hessianProducts,
  convergedSharpness,
  stepTimes,
  openRun,
  activation,
];

function figure({ value, unit }: BenchmarkRow): string {
  return Number.isNaN(value) ? "–" : `${value.toPrecision(3)} ${unit}`;
}

function table(title: string, rows: readonly BenchmarkRow[]): string {
  const lines = rows.map((row) => `| ${row.name} | ${figure(row)} | ${row.how} |`);
  return [`## ${title}`, "", "| what | result | how |", "|---|---|---|", ...lines, ""].join("\n");
}

const sections: string[] = [];
for (const benchmark of benchmarks) {
  const section = table(benchmark.title, await benchmark.run());
  console.log(section);
  sections.push(section);
}

const machine = `${os.availableParallelism()} cores, ${(os.totalmem() / 2 ** 30).toFixed(0)} GiB, no GPU used, Node ${process.versions.node}`;
writeFileSync(
  path.join(path.dirname(import.meta.dirname), "docs", "benchmarks.md"),
  `# Benchmarks\n\nWritten by \`npm run bench\` on ${machine}. Ratios compare what ran side by side in one run; times are of this machine.\n\n${sections.join("\n")}`,
);
