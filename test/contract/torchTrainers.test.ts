import { describe, expect, test } from "vitest";
import { findTrainers } from "../../scripts/trainers.ts";
import { recordsOf, series } from "./probeRun.ts";
import { runBarePython, runProbedPython, torchFixture } from "./torchRun.ts";

const python = findTrainers();

if (python === undefined)
  console.warn("PyTorch Lightning, transformers and accelerate are not tested: `npm test` could not install them.");

/** Backward passes that each optimizer step adds up, and the steps of the optimizer that is measured. */
const scripts = [
  { name: "lightning_module.py", args: [], parts: [1, 1, 1, 1, 2, 2], measured: 6 },
  // Two optimizers by turns; the first one's steps are measured.
  { name: "lightning_module.py", args: ["gan"], parts: Array<number>(16).fill(1), measured: 8 },
  { name: "transformers_trainer.py", args: [], parts: [1, 1, 1, 1], measured: 4 },
  { name: "transformers_trainer.py", args: ["accumulate"], parts: [2, 2], measured: 2 },
  { name: "accelerate_loop.py", args: [], parts: [1, 1, 1, 1, 2, 2], measured: 6 },
] as const;

describe.skipIf(python === undefined)("a script that leaves its loop to a library", () => {
  test.each(scripts)(
    "$name $args does bit for bit what it does without; each optimizer step is seen with all that it adds up, and its curvature",
    async ({ name, args, parts, measured }) => {
      const script = torchFixture(name);
      const [bare, { records, ...outcome }] = await Promise.all([
        runBarePython(script, args, "", python),
        runProbedPython(script, args, 1, {}, "", python),
      ]);
      expect(outcome).toEqual(bare);
      expect(bare.exitCode).toBe(0);
      expect(bare.output).toContain(`steps ${parts.length}\n`);
      expect(recordsOf(records, "step").map(({ step }) => step)).toEqual(parts.map((_, step) => step));
      const losses = recordsOf(records, "step").map(
        ({ values }) => values["loss/train"] ?? values["loss/train@optimizer-2"],
      );
      const expected = printedLosses(bare.output, parts);
      // What the Trainer logs it rounds to four digits; the others divide in single precision, where the probe sums in double.
      const tolerance = name === "transformers_trainer.py" ? 1e-4 : 1e-6;
      expect(losses).toHaveLength(expected.length);
      for (const [step, loss] of losses.entries()) {
        expect(Math.abs((loss ?? Number.NaN) - (expected[step] ?? Number.NaN))).toBeLessThan(tolerance);
      }
      expect(series(records, "sharpness/batch")).toHaveLength(measured);
      for (const [, cosine] of series(records, "gradient/cosine")) expect(cosine).toBeGreaterThan(1 - 1e-6);
      // An evaluation of the model between steps, or before the first, hides nothing of the steps.
      expect(series(records, "sharpness/progressive").length).toBeGreaterThanOrEqual(measured - 1);
      expect(series(records, "update/norm")).toHaveLength(measured);
      for (const { code } of recordsOf(records, "note")) expect(code).not.toMatch(/failed$/);
      for (const { source } of recordsOf(records, "optimizer")) expect(source?.file).toBe(script);
    },
  );
});

/** Of each step: as the Trainer logs it, or the mean over its parts, by which each library divides their losses. */
function printedLosses(output: string, parts: readonly number[]): number[] {
  const logged = [...output.matchAll(/^logged \d+ (\S+)$/gm)].map(([, loss]) => Number(loss));
  if (logged.length > 0) return logged;
  const each = [...output.matchAll(/^loss ([0-9a-f]+)$/gm)].map(([, bits]) =>
    Buffer.from(bits ?? "", "hex").readDoubleLE(),
  );
  let seen = 0;
  return parts.map((count) => {
    const own = each.slice(seen, (seen += count));
    return own.reduce((sum, loss) => sum + loss / count, 0);
  });
}
