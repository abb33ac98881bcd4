import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { fixtures, recordsOf, runProbed, series } from "./probeRun.ts";

const names = ["ORRERY_PROBE_BATCHES", "ORRERY_PROBE_BYTES"] as const;

afterEach(() => {
  for (const name of names) Reflect.deleteProperty(process.env, name);
});

async function runWith(settings: Readonly<Partial<Record<(typeof names)[number], string>>>) {
  Object.assign(process.env, settings);
  const { records } = await runProbed(path.join(fixtures, "fitDataset.mjs"));
  return records;
}

describe("the probe set of a run", () => {
  it("is as large as the settings say, and followed from step to step", async () => {
    const records = await runWith({ ORRERY_PROBE_BATCHES: "2" });
    const measured = recordsOf(records, "measure").filter(({ values }) => "sharpness/probe" in values);
    expect(measured.length).toBeGreaterThan(0);
    for (const { sample, method } of measured) {
      expect(sample).toBe(32);
      expect(method).toMatch(/2 kept batches of 16 examples/);
    }
    const losses = series(records, "loss/probe").map(([, loss]) => loss);
    // The same data at every step: an optimizer that works lowers their loss step by step.
    expect(losses.length).toBeGreaterThan(5);
    expect(losses).toEqual(losses.toSorted((a, b) => b - a));
  });

  it("is not kept where it would take more memory than the settings allow, which is said", async () => {
    const records = await runWith({ ORRERY_PROBE_BYTES: "10" });
    expect(series(records, "loss/probe")).toEqual([]);
    expect(recordsOf(records, "note").map(({ code }) => code)).toContain("probe-set-memory");
    expect(series(records, "sharpness/batch").length).toBe(15);
  });
});
