import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { fixtures, recordsOf, runBare, runProbed, series } from "./probeRun.ts";

/** Scripts that run without help on a machine with nothing but TensorFlow.js. */
const scripts = readdirSync(fixtures, { withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map(({ name }) => name)
  .filter((name) => !name.startsWith("tfjsNode") && name !== "endless.mjs");

const steps: Readonly<Record<string, number>> = {
  "byHand.mjs": 10,
  "children.mjs": 1,
  "convolution.mjs": 16,
  "coreLayers.mjs": 20,
  "diverges.mjs": 30,
  "dropout.mjs": 10,
  "exits.cjs": 10,
  "fit.mjs": 30,
  "fitDataset.mjs": 15,
  "gathered.mjs": 6,
  "linearNetwork.mjs": 25,
  "minimize.ts": 40,
  "nesterov.js": 20,
  "neverTrains.mjs": 0,
  "rejects.cjs": 1,
  "syntaxError.mjs": 0,
  "throws.mjs": 100,
  "trainOnBatch.cjs": 25,
  "twoOptimizers.mjs": 16,
  "validated.mjs": 20,
  "variableGrads.mjs": 30,
};

describe("a script that knows nothing of the probe", () => {
  it.each(scripts)(
    "%s does bit for bit what it does without, measured at every step, and every step is seen",
    async (name) => {
      const script = path.join(fixtures, name);
      const [bare, probed] = [await runBare(script), await runProbed(script)];
      expect(probed.output).toBe(bare.output);
      expect(probed.exitCode).toBe(bare.exitCode);
      expect(recordsOf(probed.records, "step").map(({ step }) => step)).toEqual(
        Array.from({ length: steps[name] ?? Number.NaN }, (_, step) => step),
      );
      expect(probed.records[0]?.t).toBe("begin");
      expect(probed.records.at(-1)?.t).toBe("end");
    },
  );

  // The history of fit sums losses times batch sizes in float32, which is exact for a batch of 64 alone.
  it.each(["fit.mjs", "minimize.ts", "variableGrads.mjs"])(
    "%s has its losses recorded as it prints them",
    async (name) => {
      const { output, records } = await runProbed(path.join(fixtures, name), { budget: 0 });
      const printed = output
        .split("\n")
        .filter((line) => /^[\d.e-]+$/.test(line))
        .map(Number);
      expect(printed.length).toBeGreaterThan(0);
      expect(series(records, "loss/train").map(([, loss]) => loss)).toEqual(printed);
    },
  );

  it("prints the same trace of its own error", async () => {
    const script = path.join(fixtures, "throws.mjs");
    expect((await runProbed(script)).errors).toBe((await runBare(script)).errors);
  });
});
