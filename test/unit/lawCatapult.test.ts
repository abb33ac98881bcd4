import { describe, expect, it } from "vitest";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { catapult, catapultPeak } from "../../src/theory/limits/catapult.ts";
import { twoLayers } from "./streams/twoLayers.ts";
import { follow } from "./theoryStreams.ts";

const followed = (records: readonly HistoryRecord[]) => follow(records, [catapult]);

function lossesOf(records: readonly HistoryRecord[]): number[] {
  return records.flatMap((record) => (record.t === "step" ? (record.values["loss/train"] ?? []) : []));
}

function rateOf(records: readonly HistoryRecord[]): number {
  const rates = records.flatMap((record) => (record.t === "optimizer" ? (record.groups[0]?.learningRate ?? []) : []));
  return rates[0] ?? NaN;
}

describe("the catapult of two wide layers, weight by weight in float64", () => {
  it("comes back from below ηλ₀ = 4, and not from above, by the recurrence", () => {
    for (const product of [2.5, 3.9]) expect(catapultPeak(product, 0.01, 1)).toBeLessThan(Infinity);
    expect(catapultPeak(4.1, 0.01, 1)).toBe(Infinity);
  });

  it("rises to the recurrence's peak at any width and learning rate", () => {
    for (const width of [256, 1024, 4096]) {
      for (const product of [2.3, 2.7, 3.5]) {
        const losses = lossesOf(twoLayers(product, width));
        // The sharpness lacks the term of f, (f/λ)² of it: a part in 256 at most, which exponential growth makes larger.
        const peak =
          Math.max(...losses) / catapultPeak(product, rateOf(twoLayers(product, width, 1)), losses[0] ?? NaN);
        expect(peak).toBeGreaterThan(0.9);
        expect(peak).toBeLessThan(1.1);
      }
    }
  });
});

describe("the catapult law", () => {
  it("forecasts rise and landing between 2 and 4, and both hold", () => {
    const { issued, verdicts } = followed(twoLayers(2.5, 256));
    expect(issued.map(({ subject, issuedAt }) => [subject, issuedAt])).toEqual([
      ["rise", 0],
      ["landing", 0],
    ]);
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(["held", "held"]);
    expect(verdicts.every(({ skill }) => skill > 0)).toBe(true);
  });

  it("forecasts below 2 that nothing rises, which holds, and is broken by a loss that does", () => {
    const records = twoLayers(1.5, 256);
    expect(followed(records).verdicts.map(({ outcome }) => outcome)).toEqual(["held"]);
    const spiked = records.map((record) =>
      record.t === "step" && record.step === 7 ? { ...record, values: { "loss/train": 50 } } : record,
    );
    expect(followed(spiked).verdicts.map(({ outcome }) => outcome)).toEqual(["broken"]);
  });

  it("is broken by a loss that falls all the time although ηλ₀ is 2.5, and by one that is lost", () => {
    for (const loss of [(step: number) => 1 / (1 + step), (step: number) => (step > 9 ? NaN : 1)]) {
      const records = twoLayers(2.5, 256).map((record) =>
        record.t === "step" ? { ...record, values: { "loss/train": loss(record.step) } } : record,
      );
      const rise = followed(records).verdicts.find(({ forecast }) => forecast.includes("rise"));
      expect(rise?.outcome).toBe("broken");
    }
  });

  it("does not decide near the borders, nor beyond where networks come back", () => {
    for (const product of [1.95, 2.1, 3.95]) expect(followed(twoLayers(product, 256)).issued).toEqual([]);
  });

  it("is out of regime in narrow or deep networks, with momentum, on other losses, and without a first sharpness", () => {
    const records = twoLayers(2.5, 256);
    const changed = (change: (record: HistoryRecord) => HistoryRecord) =>
      followed(records.map(change)).standings[0]?.says;
    const cases = [
      changed((record) => (record.t === "model" ? { ...record, width: 32 } : record)),
      changed((record) => (record.t === "model" ? { ...record, depth: 3 } : record)),
      changed((record) =>
        record.t === "optimizer"
          ? { ...record, kind: "momentum", groups: [{ parameters: 9, learningRate: 0.1, momentum: 0.9 }] }
          : record,
      ),
      changed((record) => (record.t === "objective" ? { ...record, kind: "crossEntropy" } : record)),
    ];
    for (const says of cases) expect(says).toMatch(/^out of regime/);
    const late = records.filter((record) => record.t !== "measure" || record.step > 0);
    expect(followed(late).standings[0]?.says).toContain("not measured at step 0");
  });
});
