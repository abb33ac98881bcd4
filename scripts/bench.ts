/** `npm run bench [name…]`: runs every benchmark, or those that are named, and writes their sections of `docs/benchmarks.md`. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Benchmark, BenchmarkRow } from "../bench/benchmark.ts";
import { activation } from "../bench/activation.ts";
import { convergedSharpness } from "../bench/convergedSharpness.ts";
import { hessianProducts } from "../bench/hessianProducts.ts";
import { openRun } from "../bench/openRun.ts";
import { overhead } from "../bench/overhead.ts";
import { sourceReading } from "../bench/sourceReading.ts";
import { stepTimes } from "../bench/stepTimes.ts";
import { torch } from "../bench/torch.ts";

const benchmarks: Readonly<Record<string, Benchmark>> = {
  overhead,
  hessianProducts,
  convergedSharpness,
  stepTimes,
  torch,
  openRun,
  activation,
  sourceReading,
};
const documentPath = path.join(path.dirname(import.meta.dirname), "docs", "benchmarks.md");
const named = process.argv.slice(2);
const unknown = named.filter((name) => !(name in benchmarks));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(", ")}. There are: ${Object.keys(benchmarks).join(", ")}.`);
  process.exit(2);
}

function figure({ value, unit }: BenchmarkRow): string {
  return Number.isNaN(value) ? "–" : `${value.toPrecision(3)} ${unit}`;
}

function table(title: string, rows: readonly BenchmarkRow[]): string {
  const lines = rows.map((row) => `| ${row.name} | ${figure(row)} | ${row.how} |`);
  return [`## ${title}`, "", "| what | result | how |", "|---|---|---|", ...lines, ""].join("\n");
}

/** The sections that are there, by title. */
function knownSections(): ReadonlyMap<string, string> {
  const text = existsSync(documentPath) ? readFileSync(documentPath, "utf8") : "";
  const parts = text.split(/^(?=## )/m).slice(1);
  return new Map(parts.map((part) => [part.slice(3, part.indexOf("\n")), `${part.trimEnd()}\n`]));
}

const known = knownSections();
const sections: string[] = [];
for (const [name, benchmark] of Object.entries(benchmarks)) {
  if (named.length > 0 && !named.includes(name)) {
    sections.push(known.get(benchmark.title) ?? "");
    continue;
  }
  const section = table(benchmark.title, await benchmark.run());
  console.log(section);
  sections.push(section);
}

const machine = `${os.availableParallelism()} cores, ${(os.totalmem() / 2 ** 30).toFixed(0)} GiB, no GPU used, Node ${process.versions.node}`;
writeFileSync(
  documentPath,
  `# Benchmarks\n\nWritten by \`npm run bench\` on ${machine}. Ratios compare what ran side by side in one run; times are of this machine. \`npm run bench overhead\` writes one section anew and keeps the others.\n\n${sections.filter((section) => section !== "").join("\n")}`,
);
