import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import type { Architecture } from "./architecture.ts";
import { compare, type Comparison } from "./comparison.ts";
import { agree, coverageSection } from "./coverageTable.ts";
import { observeTraining } from "./observedTraining.ts";
import { testedBackends } from "../support/backends.ts";

const documentPath = path.join(import.meta.dirname, "..", "..", "..", "docs", "coverage.md");

/** Tests of one architecture, for a file of its own or of its family. */
export function testArchitecture(architecture: Architecture): void {
  describe(architecture.title, () => {
    const comparisons = new Map<string, Comparison>();

    test.each(testedBackends)(
      "on %s, everything that is measured is what the float64 reference says",
      async (backend) => {
        const comparison = compare(architecture, await observeTraining(architecture, backend));
        comparisons.set(backend, comparison);
        expect(comparison.problems).toEqual([]);
      },
    );

    test("docs/coverage.md says so; `npm run coverage` writes it anew", (context) => {
      const sections = readFileSync(documentPath, "utf8").split(/\n(?=## )/);
      const documented = sections.find((section) => section.startsWith(`## ${architecture.title}\n`)) ?? "";
      const covered = /\| of the network \| (.*) \|/.exec(documented)?.[1];
      if (covered !== undefined && covered !== testedBackends.join(" | ")) context.skip("it is of other backends");
      const measured = coverageSection({ architecture, comparisons });
      if (!agree(documented.trim(), measured)) expect(documented.trim()).toBe(measured);
    });
  });
}
