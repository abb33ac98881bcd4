import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import type { Architecture } from "./architecture.ts";
import { compare, type Comparison } from "./comparison.ts";
import { agree, coverageSection } from "./coverageTable.ts";
import { ofBackends } from "./documentedBackends.ts";
import { observeTraining } from "./observedTraining.ts";
import { type BackendName, testedBackendsAnd } from "../support/backends.ts";

const documentPath = path.join(import.meta.dirname, "..", "..", "..", "docs", "coverage.md");

/** Milliseconds. A GPU in software takes one of processor time for a small kernel: 140 seconds in all were measured of the transformer. */
const timeout = 900_000;

/**
 * Tests of one architecture, for a file of its own or of its family.
 *
 * @param further backends to test it on beside those on which all are tested.
 */
export function testArchitecture(architecture: Architecture, further: readonly BackendName[] = []): void {
  const backends = testedBackendsAnd(further);
  describe(architecture.title, () => {
    const comparisons = new Map<string, Comparison>();

    test.each(backends)(
      "on %s, everything that is measured is what the float64 reference says",
      async (backend) => {
        const comparison = compare(architecture, await observeTraining(architecture, backend));
        comparisons.set(backend, comparison);
        expect(comparison.problems).toEqual([]);
      },
      timeout,
    );

    test("docs/coverage.md says so; `npm run coverage` writes it anew", (context) => {
      if (process.env["ORRERY_TEST_GPU"] === "1") context.skip("it is not of this GPU");
      const sections = readFileSync(documentPath, "utf8").split(/\n(?=## )/);
      const documented = sections.find((section) => section.startsWith(`## ${architecture.title}\n`)) ?? "";
      const ofThese = ofBackends(documented.trim(), backends);
      if (ofThese === undefined) return context.skip("it is of other backends");
      const measured = coverageSection({ architecture, comparisons });
      if (!agree(ofThese, measured)) expect(ofThese).toBe(measured);
    });
  });
}
