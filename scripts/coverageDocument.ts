/** Measures every observable on every architecture, prints how it compares with the references, and writes `docs/coverage.md`. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { architectures } from "../test/oracle/architectures/allArchitectures.ts";
import { compare, type Comparison } from "../test/oracle/architectures/comparison.ts";
import { coverageDocument, coverageSection, type Covered } from "../test/oracle/architectures/coverageTable.ts";
import { observeTraining } from "../test/oracle/architectures/observedTraining.ts";
import { testedBackends } from "../test/oracle/support/backends.ts";
import { adapter } from "../test/oracle/support/webgpu.ts";

const documentPath = path.join(path.dirname(import.meta.dirname), "docs", "coverage.md");

const all: Covered[] = [];
const problems: string[] = [];
for (const architecture of architectures) {
  const comparisons = new Map<string, Comparison>();
  for (const backend of testedBackends) {
    const comparison = compare(architecture, await observeTraining(architecture, backend));
    comparisons.set(backend, comparison);
    problems.push(...comparison.problems.map((problem) => `${architecture.title} on ${backend}: ${problem}`));
  }
  all.push({ architecture, comparisons });
  console.log(`${coverageSection({ architecture, comparisons })}\n`);
}
if (problems.length > 0) {
  console.error(`docs/coverage.md is left as it was, as these are wrong:\n${problems.join("\n")}`);
  process.exitCode = 1;
} else {
  writeFileSync(documentPath, coverageDocument(all, testedBackends.includes("webgpu") ? adapter : undefined));
}
