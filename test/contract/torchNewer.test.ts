import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import type { SpoolRecord } from "../../src/probe/record.ts";
import { recordsOf, series } from "./probeRun.ts";
import { python, runBarePython, runProbedPython, torchFixture } from "./torchRun.ts";

/** Arguments of the script, and the steps whose curvature can be had. */
const kinds = [
  { kind: "compiled", losses: 5, measured: 5 },
  { kind: "attention", losses: 5, measured: 5 },
  // Its gradients come from no backward pass that is seen.
  { kind: "functional", losses: 0, measured: 0 },
] as const;

function isNewer(): boolean {
  const code = "import sys, torch; sys.exit(int(torch.__version__.split('.')[0]) < 2)";
  return python !== undefined && spawnSync(python, ["-c", code], { stdio: "ignore" }).status === 0;
}

describe.skipIf(!isNewer())("a PyTorch script with what only newer versions have", () => {
  test.each(kinds)(
    "$kind: does bit for bit what it does without, and no loss or curvature is made up",
    async ({ kind, losses, measured }) => {
      const script = torchFixture("newer.py");
      const [bare, { records, ...outcome }] = await Promise.all([
        runBarePython(script, [kind]),
        runProbedPython(script, [kind]),
      ]);
      expect(outcome).toEqual(bare);
      expect(recordsOf(records, "step")).toHaveLength(5);
      expect(series(records, "loss/train")).toHaveLength(losses);
      expect(series(records, "sharpness/batch")).toHaveLength(measured);
      // Its optimizer is a fused Adam.
      if (kind === "attention") expect(series(records, "sharpness/preconditioned")).toHaveLength(measured);
      if (kind === "compiled") expectActivations(outcome.output, records);
      if (losses === 0)
        expect(recordsOf(records, "note").map(({ code }) => code)).toEqual(
          expect.arrayContaining(["loss-unknown", "curvature-unavailable"]),
        );
    },
  );
});

/** Of the hidden layer and of the outputs, as the script computes them itself, though no module within was seen to run. */
function expectActivations(output: string, records: readonly SpoolRecord[]): void {
  const printed = [...output.matchAll(/^sizes (\S+) (\S+)$/gm)].map(([, ...sizes]) => sizes.map(Number));
  expect(printed).toHaveLength(5);
  for (const [index, layer] of ["0", "2"].entries()) {
    const measured = new Map(series(records, `activation/rms@${layer}`));
    expect([...measured.keys()]).toEqual([0, 1, 2, 3, 4]);
    // Float32 sums of values of about one.
    for (const [step, size] of measured) expect(size).toBeCloseTo(printed[step]?.[index] ?? Number.NaN, 5);
  }
  const methods = recordsOf(records, "measure").filter(({ values }) => "activation/mean@0" in values);
  for (const { method } of methods) expect(method).toContain("run again uncompiled");
}
