import { describe, expect, it } from "vitest";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { deadUnits } from "../../src/theory/universality/deadUnits.ts";
import { dyingUnits } from "./streams/dyingUnits.ts";
import { follow, opening } from "./theoryStreams.ts";

function followed(records: readonly HistoryRecord[]) {
  const seen = follow(records, [deadUnits]);
  expect(seen.refusals).toEqual([]);
  return seen;
}

function shares(records: readonly HistoryRecord[]): readonly number[] {
  return records.flatMap((record) =>
    record.t === "measure" ? (record.values["activation/deadFraction@first"] ?? []) : [],
  );
}

describe("units of the first layer that no example activates", () => {
  it("never come back under plain gradient descent, in float64, and the law holds at each doubling", () => {
    const records = dyingUnits();
    const dead = shares(records);
    expect(dead[0]).toBeGreaterThan(0);
    expect(dead.every((share, step) => step === 0 || share >= (dead[step - 1] ?? NaN))).toBe(true);
    const { issued, verdicts } = followed(records);
    expect(issued.map(({ subject }) => subject)).toEqual(
      [3, 4, 5, 6, 7].map((doubling) => `first after 2^${doubling} steps`),
    );
    const decided = verdicts.filter(({ outcome }) => outcome !== "unresolved");
    expect(decided.length).toBeGreaterThanOrEqual(3);
    expect(new Set(decided.map(({ outcome }) => outcome))).toEqual(new Set(["held"]));
  });

  it("come back where examples do not stay as they are, and the law is broken", () => {
    const { verdicts } = followed(dyingUnits({ noise: 0.5 }));
    expect(verdicts.map(({ outcome }) => outcome)).toContain("broken");
  });

  it("are not spoken of under momentum, weight decay, a weight penalty, or batches", () => {
    const records = dyingUnits();
    for (const setting of [
      { kind: "momentum", group: { momentum: 0.9 } },
      { group: { weightDecay: 0.1, weightDecayForm: "decoupled" } },
      { objective: { regularized: true } },
      { batch: 8 },
    ] as const) {
      const { issued, standings } = followed([...opening(setting), ...records.slice(opening().length)]);
      expect(issued).toEqual([]);
      expect(standings[0]?.says).toContain("out of regime");
    }
  });
});
