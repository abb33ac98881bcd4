import path from "node:path";
import { describe, expect, it } from "vitest";
import { adapter } from "../oracle/support/webgpu.ts";
import { fixtures, recordsOf, root, runProbed, series } from "./probeRun.ts";

const fit = path.join(fixtures, "fit.mjs");

describe.skipIf(adapter === undefined)("a script on WebGPU", () => {
  it("has its loss and its sharpness recorded, as on plain JavaScript, and says which adapter it runs on", async () => {
    const [there, here] = [
      await runProbed(fit, { backend: "webgpu", budget: 0.2 }),
      await runProbed(fit, { budget: 0.2 }),
    ];
    const begin = recordsOf(there.records, "begin")[0];
    expect(begin?.backend).toBe("webgpu");
    expect(begin?.backendReason).toContain(adapter?.name);
    expect(there.records.at(-1)).toMatchObject({ t: "end", how: "finished", exitCode: 0 });
    const losses = series(there.records, "loss/train");
    expect(losses).toHaveLength(30);
    for (const [step, loss] of series(here.records, "loss/train")) {
      // Thirty steps of float32 arithmetic in another order, which training does not make much worse here.
      expect((losses[step]?.[1] ?? Number.NaN) / loss).toBeCloseTo(1, 4);
    }
    const [first] = series(there.records, "sharpness/batch");
    const [expected] = series(here.records, "sharpness/batch");
    expect(first?.[0]).toBe(expected?.[0]);
    // Both to 1e-3, the tolerance of a measurement.
    expect((first?.[1] ?? Number.NaN) / (expected?.[1] ?? Number.NaN)).toBeCloseTo(1, 2);
  });

  it.each(["fit.mjs", "convolution.mjs"])("%s does the same whether it is measured or not", async (name) => {
    const script = path.join(fixtures, name);
    const idle = await runProbed(script, { backend: "webgpu", budget: 0 });
    const measured = await runProbed(script, { backend: "webgpu", budget: 0.5 });
    expect(measured.output).toBe(idle.output);
    expect(measured.output).not.toBe("");
    expect(series(idle.records, "sharpness/batch")).toEqual([]);
    expect(series(measured.records, "sharpness/batch").length).toBeGreaterThan(0);
  });

  it("that overtaxes the device has failed, with the device's words, even if it ends as if nothing had happened", async () => {
    const script = path.join(root, "test", "fixtures", "webgpu", "overflows.mjs");
    const { records, exitCode, output } = await runProbed(script, { backend: "webgpu" });
    // Dawn prints some of its own words as well.
    expect(output).toMatch(/^DeviceFailure$/m);
    expect(records.at(-1)).toMatchObject({
      t: "end",
      how: "failed",
      exitCode: 1,
      error: expect.stringMatching(/^The device failed: Buffer size .* exceeds the max buffer size/) as string,
    });
    expect(exitCode).toBe(1);
    expect(series(records, "loss/train")).toHaveLength(3);
  });

  it.runIf(adapter?.isSoftware === true)("is not put on an adapter in software unless asked", async () => {
    const { records } = await runProbed(fit, { backend: "auto", budget: 0 });
    const begin = recordsOf(records, "begin")[0];
    expect(begin?.backend).toBe("wasm");
    expect(begin?.backendReason).toContain("WebGPU: only in software");
  });
});
