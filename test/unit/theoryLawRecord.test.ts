import { describe, expect, it } from "vitest";
import type { Outcome } from "../../src/theory/law.ts";
import { lawRecord } from "../../src/theory/lawRecord.ts";

const entry = (run: string, law: string, outcome?: Outcome, skill = NaN) => ({
  run,
  forecast: { law },
  verdict: outcome && { outcome, skill },
});

describe("the record of a law", () => {
  it("counts its own forecasts by outcome, and what is out of regime or pending is neither a hit nor a miss", () => {
    const record = lawRecord("a", [
      entry("1", "a", "held", 0.9),
      entry("1", "a", "held", 0.5),
      entry("2", "a", "broken", -3),
      entry("2", "a", "out of regime"),
      entry("3", "a"),
      entry("3", "b", "broken", -9),
    ]);
    expect(record).toMatchObject({ runs: 3, forecasts: 5, skill: 0.5 });
    expect(record.outcomes).toEqual({ held: 2, broken: 1, "out of regime": 1, unresolved: 0 });
    expect(record.coverage).toBeCloseTo(2 / 3, 12);
  });

  it("leaves bounds, which should always hold, out of the coverage of intervals, and counts them by themselves", () => {
    const bound = (outcome: Outcome) => ({
      ...entry("1", "a", outcome),
      forecast: { law: "a", isBound: true as const },
    });
    const record = lawRecord("a", [entry("1", "a", "held"), entry("1", "a", "broken"), bound("held"), bound("held")]);
    expect(record.outcomes).toMatchObject({ held: 3, broken: 1 });
    expect(record.bounds).toEqual({ held: 2, broken: 0 });
    expect(record.coverage).toBe(0.5);
    expect(lawRecord("a", [bound("broken")]).coverage).toBeNaN();
  });

  it("has no coverage and no skill where nothing was decided", () => {
    const record = lawRecord("a", [entry("1", "a", "unresolved")]);
    expect(record.coverage).toBeNaN();
    expect(record.skill).toBeNaN();
  });
});
