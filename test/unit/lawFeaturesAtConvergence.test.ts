import { describe, expect, it } from "vitest";
import { featuresAtConvergence } from "../../src/theory/empirical/featuresAtConvergence.ts";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { penalizedNetwork } from "./streams/penalizedNetwork.ts";
import { follow, measured } from "./theoryStreams.ts";

const whole = penalizedNetwork({ strength: 0.03, steps: 600 });

function says(records: readonly HistoryRecord[]) {
  const { issued, standings } = follow(records, [featuresAtConvergence]);
  expect(issued).toEqual([]);
  return standings[0]?.says;
}

describe("features at convergence", () => {
  it("come closer to what the loss is sensitive to at every doubling, in a penalized network in float64, as forecast", () => {
    const { issued, verdicts, refusals } = follow(whole, [featuresAtConvergence]);
    expect(refusals).toEqual([]);
    expect(new Set(issued.map(({ observable }) => observable)).size).toBe(3);
    const decided = verdicts.filter(({ outcome }) => outcome === "held" || outcome === "broken");
    expect(decided.length).toBeGreaterThan(5);
    const held = decided.filter(({ outcome }) => outcome === "held").length;
    expect(held / decided.length).toBeGreaterThan(0.8);
  });

  it("are broken where the difference stays although all is as it should be", () => {
    const stuck = whole.map((record) => {
      if (record.t !== "measure" || record.step < 40) return record;
      return measured(record.step, Object.fromEntries(Object.keys(record.values).map((name) => [name, 0.4])));
    });
    const { verdicts } = follow(stuck, [featuresAtConvergence]);
    expect(verdicts.some(({ outcome }) => outcome === "broken")).toBe(true);
  });

  it("are out of regime with small batches, without a penalty, and at the edge of stability", () => {
    expect(says(penalizedNetwork({ batch: 6, steps: 60 }))).toContain("out of regime: not so that every step sees all");
    const free = whole.map((record): HistoryRecord =>
      record.t === "objective" ? { ...record, regularized: false } : record,
    );
    expect(says(free)).toContain("out of regime: not so that squared weights are penalized");
    const sharp = whole.map((record) =>
      record.t === "measure" ? measured(record.step, { ...record.values, "sharpness/batch": 19.5 }) : record,
    );
    expect(says(sharp)).toContain("out of regime: not so that training is below the edge of stability");
  });

  it("cannot be spoken of where no layer is penalized and measured", () => {
    expect(says(whole.filter(({ t }) => t !== "measure"))).toContain("cannot speak: needs a layer under a penalty");
  });
});
