import { describe, expect, it } from "vitest";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { learningCoefficientLaw } from "../../src/theory/solvable/learningCoefficientLaw.ts";
import { linearNetwork, type LinearNetwork } from "./streams/linearNetwork.ts";
import { follow } from "./theoryStreams.ts";

function followed(records: readonly HistoryRecord[]) {
  const seen = follow(records, [learningCoefficientLaw]);
  expect(seen.refusals).toEqual([]);
  return seen;
}

function rested(more: Partial<LinearNetwork> = {}): readonly HistoryRecord[] {
  const setting = { signals: [2, 1.5, 1], start: { deviation: 0.3 }, rate: 0.1, steps: 500, width: 6, sampled: 256 };
  return linearNetwork({ ...setting, ...more });
}

function withCoefficient(records: readonly HistoryRecord[], coefficient: number): readonly HistoryRecord[] {
  return records.map((record) =>
    record.t === "measure" && "learningCoefficient/local" in record.values
      ? { ...record, values: { "learningCoefficient/local": coefficient } }
      : record,
  );
}

describe("the local learning coefficient of a network of linear layers", () => {
  it.each([2, 3])("is half the entries of the map, and not half of the weights, of %d layers", (layers) => {
    const { issued, verdicts } = followed(rested({ layers }));
    expect(issued.map(({ central, issuedAt }) => [central, issuedAt])).toEqual([[4.5, 0]]);
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(["held"]);
    // 36 weights or more: those of a regular model would have 18.
    expect(issued[0]?.high).toBeLessThan(9);
  });

  it("is broken by what a regular model of as many weights has, and by the half of what it should be", () => {
    for (const coefficient of [18, 2.25]) {
      const { verdicts } = followed(withCoefficient(rested(), coefficient));
      expect(verdicts.map(({ outcome }) => outcome)).toEqual(["broken"]);
    }
  });

  it("is left open where the loss has not come to that of the best map", () => {
    const { verdicts } = followed(rested({ steps: 12 }));
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(["unresolved"]);
  });

  it("is not spoken of where a mode is too weak, examples are few, weights decay or the loss has a penalty", () => {
    const silent = {
      "a 25th of the strongest": rested({ signals: [2, 1, 0.05], steps: 40 }),
      "enough examples": rested({ signals: [0.3, 0.3, 0.3], steps: 40, setting: { batch: 16, examples: 16 } }),
      "weights do not decay": rested({ steps: 40, setting: { group: { weightDecay: 0.01 } } }),
      "squared error, without a penalty": rested({ steps: 40, setting: { objective: { regularized: true } } }),
    };
    for (const [why, records] of Object.entries(silent)) {
      const { issued, standings } = followed(records);
      expect(issued, why).toEqual([]);
      expect(standings[0]?.says).toContain(why);
    }
  });
});
