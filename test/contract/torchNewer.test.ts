import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { recordsOf, series } from "./probeRun.ts";
import { python, runBarePython, runProbedPython, torchFixture } from "./torchRun.ts";

/** Arguments of the script, and the steps whose curvature can be had. */
const kinds = [
  { kind: "compiled", losses: 8, measured: 8 },
  { kind: "attention", losses: 8, measured: 8 },
  { kind: "fused", losses: 8, measured: 8 },
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
      expect(recordsOf(records, "step")).toHaveLength(8);
      expect(series(records, "loss/train")).toHaveLength(losses);
      expect(series(records, "sharpness/batch")).toHaveLength(measured);
      if (losses === 0)
        expect(recordsOf(records, "note").map(({ code }) => code)).toEqual(
          expect.arrayContaining(["loss-unknown", "curvature-unavailable"]),
        );
    },
  );
});
