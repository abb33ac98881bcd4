/** PyTorch scripts on the processor, or where `npm run test:gpu` says so on a GPU. */
import { describe, expect, test } from "vitest";
import { recordsOf, series } from "./probeRun.ts";
import { python, runBarePython, runProbedPython, torchFixture } from "./torchRun.ts";

const device = process.env["ORRERY_TEST_TORCH_DEVICE"] ?? "cpu";

/** Steps at which the curvature can be had; on the processor they are tested elsewhere. */
const others = [
  { name: "plain_loop.py", measured: 10 },
  { name: "accumulation.py", measured: 5 },
  { name: "transformer.py", measured: 5 },
  { name: "recurrent.py", measured: 5 },
  { name: "closure.py", measured: 4 },
] as const;

describe.skipIf(python === undefined)(`a PyTorch script on the device ${device}`, () => {
  test("that reads its losses only at the end trains bit for bit as without the probe, which records them", async () => {
    const script = torchFixture("on_device.py");
    const [bare, probed] = [await runBarePython(script, [device]), await runProbedPython(script, [device])];
    const { records, ...outcome } = probed;
    expect(outcome).toEqual(bare);
    expect(outcome.exitCode).toBe(0);
    expect(recordsOf(records, "begin")).toMatchObject([{ backend: device }]);
    const printed = [...bare.output.matchAll(/^loss (\S+)$/gm)].map(([, bits = ""]) =>
      Buffer.from(bits, "hex").readDoubleLE(),
    );
    expect(printed).toHaveLength(12);
    expect(series(records, "loss/train")).toEqual(printed.map((loss, step) => [step, loss]));
    for (const name of ["sharpness/batch", "sharpness/preconditioned", "activation/rms@0", "kernel/largest"])
      expect(series(records, name).length, name).toBeGreaterThan(0);
    for (const [, seconds] of series(records, "step/seconds")) expect(seconds).toBeGreaterThanOrEqual(0);
    for (const [, cosine] of series(records, "gradient/cosine")) expect(cosine).toBeGreaterThan(1 - 1e-6);
    expect(recordsOf(records, "end")).toMatchObject([{ how: "finished" }]);
  });

  test.skipIf(device === "cpu").each(others)(
    "$name trains bit for bit as without the probe, and its curvature is measured",
    async ({ name, measured }) => {
      const script = torchFixture(name);
      const [bare, { records, ...outcome }] = [await runBarePython(script), await runProbedPython(script)];
      expect(outcome).toEqual(bare);
      expect(outcome.exitCode).toBe(0);
      expect(recordsOf(records, "begin")).toMatchObject([{ backend: device }]);
      expect(series(records, "sharpness/batch")).toHaveLength(measured);
    },
  );
});
