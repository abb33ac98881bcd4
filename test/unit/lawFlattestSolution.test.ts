import { describe, expect, it } from "vitest";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { flattestSolution } from "../../src/theory/solvable/flattestSolution.ts";
import { linearNetwork } from "./streams/linearNetwork.ts";
import { follow } from "./theoryStreams.ts";

function followed(records: readonly HistoryRecord[]) {
  const seen = follow(records, [flattestSolution]);
  expect(seen.refusals).toEqual([]);
  return seen;
}

function outcomes(records: readonly HistoryRecord[]) {
  return followed(records).verdicts.map(({ outcome }) => outcome);
}

/** The last measurement of the sharpness of a run that has come to rest. */
function restOf(records: readonly HistoryRecord[]): number {
  const all = records.flatMap((each) => (each.t === "measure" ? (each.values["sharpness/batch"] ?? []) : []));
  return all.at(-1) ?? NaN;
}

/** From layers that are balanced descent comes to a flattest solution, or nearly. */
function balanced(signal: number, layers: number, rate: number, steps = 600) {
  const start = { diagonal: [0.5] };
  return linearNetwork({ signals: [signal], layers, width: 1, start, rate, steps, sharpness: true });
}

describe("the flattest solution of linear layers", () => {
  it.each([
    { signals: [2, 1, 0.5], layers: 2, deviation: 0.5 },
    { signals: [2, 1, 0.5], layers: 3, deviation: 0.5 },
    { signals: [1.5, 1], variances: [0.4, 2], layers: 2, deviation: 0.7 },
    { signals: [1.5, 1], variances: [0.4, 2], layers: 3, deviation: 0.5 },
  ])("is flatter than where descent from random layers comes to rest, also for colored inputs: %o", (setting) => {
    for (const seed of [1, 2, 3]) {
      const { deviation, ...rest } = setting;
      const records = linearNetwork({
        ...rest,
        ...{ start: { deviation }, width: 3, rate: 0.05, steps: 1500, every: 50, sharpness: true, seed },
      });
      const bound = records.flatMap((each) => (each.t === "measure" ? (each.values["linear/flattest"] ?? []) : []));
      expect(restOf(records)).toBeGreaterThan((bound[0] ?? NaN) * 0.999);
      expect(outcomes(records)).toEqual(["held"]);
    }
  });

  it("is forecast to be no place of rest where the learning rate is too large, and is none", () => {
    // 2/(L·s) = 0.588; at 0.53 descent comes to rest.
    for (const rate of [0.66, 0.8, 1.2]) {
      const { issued, verdicts } = followed(balanced(1.7, 2, rate));
      expect(issued.map(({ subject }) => subject)).toEqual(["no rest"]);
      expect(verdicts.map(({ outcome }) => outcome)).toEqual(["held"]);
    }
    expect(outcomes(balanced(1.7, 2, 0.53))).toEqual(["held"]);
  });

  it("allows momentum its larger threshold", () => {
    const setting = { signals: [1.7], start: { diagonal: [0.5] }, width: 1, steps: 600, sharpness: true } as const;
    // Above 2/(L·s), and below (2 + 2β)/(L·s) = 1.06.
    const { issued, verdicts } = followed(linearNetwork({ ...setting, rate: 0.8, momentum: 0.8 }));
    expect(issued.map(({ subject }) => subject)).toEqual(["sharpness at rest"]);
    expect(verdicts.map(({ outcome }) => outcome)).not.toContain("broken");
  });

  it("is broken by a loss that comes to rest where none should, and by a sharpness below the bound", () => {
    const still = balanced(1.7, 2, 0.8).map((record) =>
      record.t === "step" ? { ...record, values: { "loss/train": 0.01 } } : record,
    );
    expect(outcomes(still)).toEqual(["broken"]);
    const flat = balanced(1.7, 2, 0.1).map((record) =>
      record.t === "measure" && "sharpness/batch" in record.values
        ? { ...record, values: { "sharpness/batch": 3 } }
        : record,
    );
    expect(outcomes(flat)).toEqual(["broken"]);
  });

  it("leaves open what has not come to rest, and does not speak under decay, penalties, batches, or of one layer", () => {
    expect(outcomes(balanced(1.7, 2, 0.1, 20))).toEqual(["unresolved"]);
    const base = {
      signals: [1.7],
      start: { diagonal: [0.5] },
      width: 1,
      rate: 0.1,
      steps: 60,
      sharpness: true,
    } as const;
    for (const setting of [
      { group: { learningRate: 0.1, weightDecay: 0.1, weightDecayForm: "coupled" } },
      { objective: { regularized: true } },
      { batch: 8 },
      { kind: "adam", group: { learningRate: 0.1, beta1: 0.9 } },
    ] as const) {
      const { issued, standings } = followed(linearNetwork({ ...base, setting }));
      expect(issued).toEqual([]);
      expect(standings[0]?.says).toContain("out of regime");
    }
    expect(followed(linearNetwork({ ...base, layers: 1 })).standings[0]?.says).toContain("at least two layers");
  });
});
