import { describe, expect, test } from "vitest";
import { recordsOf, series, type ProbedOutcome } from "./probeRun.ts";
import { python, runBarePython, runProbedPython, torchFixture } from "./torchRun.ts";

/** Arguments, optimizer steps, and whether the curvature of every step can be had. */
const scripts = [
  { name: "plain_loop.py", args: [], steps: 10, measured: 10 },
  { name: "command_line.py", args: ["--steps", "6", "--width", "5"], steps: 6, measured: 6 },
  { name: "data_loader.py", args: [], steps: 6, measured: 6 },
  { name: "half_precision.py", args: [], steps: 6, measured: 6 },
  { name: "accumulation.py", args: [], steps: 5, measured: 5 },
  { name: "transformer.py", args: [], steps: 5, measured: 5 },
  { name: "recurrent.py", args: [], steps: 5, measured: 5 },
  // Two optimizers by turns; the first one's steps are measured.
  { name: "adversarial.py", args: [], steps: 10, measured: 5 },
  { name: "closure.py", args: [], steps: 4, measured: 4 },
  { name: "raises.py", args: [], steps: 4, measured: 4 },
  { name: "own_function.py", args: ["once"], steps: 4, measured: 4 },
  { name: "own_function.py", args: ["detached"], steps: 4, measured: 4 },
] as const;

const outcomes = new Map<string, Promise<ProbedOutcome>>();

/** Each script runs once: PyTorch takes seconds to load. */
function probed(name: string, args: readonly string[] = []): Promise<ProbedOutcome> {
  const key = [name, ...args].join(" ");
  // Of one batch, so that a few steps are enough for what is measured on kept ones.
  const outcome = outcomes.get(key) ?? runProbedPython(torchFixture(name), args, 1, { ORRERY_PROBE_BATCHES: "1" });
  outcomes.set(key, outcome);
  return outcome;
}

describe.skipIf(python === undefined)("a PyTorch script that knows nothing of the probe", () => {
  test.each(scripts)(
    "$name $args does bit for bit what it does without, measured at every step, and every step is seen",
    async ({ name, args, steps, measured }) => {
      const [bare, { records, ...outcome }] = await Promise.all([
        runBarePython(torchFixture(name), args),
        probed(name, args),
      ]);
      expect(outcome).toEqual(bare);
      expect(recordsOf(records, "step").map(({ step }) => step)).toEqual(
        Array.from({ length: steps }, (_, step) => step),
      );
      expect(series(records, "sharpness/batch")).toHaveLength(measured);
      expect(records[0]?.t).toBe("begin");
      expect(records.at(-1)?.t).toBe("end");
    },
  );

  test("has its losses recorded as it prints them", async () => {
    const { output, records } = await probed("plain_loop.py");
    const bits = (value: number) => {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(value);
      return `loss ${bytes.toString("hex")}`;
    };
    const printed = output.split("\n").filter((line) => line.startsWith("loss "));
    expect(series(records, "loss/train").map(([, loss]) => bits(loss))).toEqual(printed);
  });

  test("that accumulates gradients steps on the sum of its micro-batches' losses, as it scales them itself", async () => {
    const { output, records } = await probed("accumulation.py");
    const losses = series(records, "loss/train");
    const cosines = series(records, "gradient/cosine");
    // Each is divided by their number, which makes it the mean over the batch.
    const parts = [...output.matchAll(/^loss (\w+)$/gm)].map(([, bits = ""]) =>
      Buffer.from(bits, "hex").readDoubleLE(),
    );
    expect(parts).toHaveLength(15);
    for (const [step, loss] of losses) {
      const sum = parts.slice(3 * step, 3 * step + 3).reduce((total, part) => total + part, 0);
      // Sums of three doubles, in whatever order.
      expect(Math.abs(loss - sum)).toBeLessThanOrEqual(1e-15 * sum);
    }
    expect(series(records, "batch/size").map(([, size]) => size)).toEqual(Array<number>(5).fill(24));
    expect(losses).toHaveLength(5);
    // The gradient of the three together is the optimizer's: float32 sums in another order.
    for (const [, cosine] of cosines) expect(cosine).toBeGreaterThan(1 - 1e-6);
    for (const [, ratio] of series(records, "gradient/ratio")) expect(Math.abs(ratio - 1)).toBeLessThan(1e-5);
  });

  test("that clips gradients shows by how much, and keeps its curvature", async () => {
    const { records } = await probed("data_loader.py");
    const norms = series(records, "gradient/norm");
    for (const [index, [step, ratio]] of series(records, "gradient/ratio").entries()) {
      // Clipped to 0.5 by a norm that PyTorch divides by with 1e-6 added.
      const [at, norm] = norms[index] ?? [];
      expect(at).toBe(step);
      expect(ratio).toBeLessThanOrEqual(1 + 1e-5);
      expect(norm).toBeLessThanOrEqual(0.5 + 1e-5);
    }
    expect(series(records, "gradient/ratio").some(([, ratio]) => ratio < 0.99)).toBe(true);
  });

  test.each(["once", "detached"])(
    "with a backward that is differentiable once only (%s) is measured by its operations",
    async (kind) => {
      const { records } = await probed("own_function.py", [kind]);
      const methods = recordsOf(records, "measure")
        .filter(({ values }) => "sharpness/batch" in values)
        .map(({ method }) => method);
      expect(methods).toHaveLength(4);
      for (const method of methods) expect(method).toContain("by a recorded tape of operations");
    },
  );
});
