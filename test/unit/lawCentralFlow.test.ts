import { describe, expect, it } from "vitest";
import { centralFlow, swing } from "../../src/theory/empirical/centralFlow.ts";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { atTheEdge } from "./streams/atTheEdge.ts";
import { cubicEdge, cubicSteps } from "./streams/cubicEdge.ts";
import { follow } from "./theoryStreams.ts";

function followed(records: readonly HistoryRecord[]) {
  const seen = follow(records, [centralFlow]);
  expect(seen.refusals).toEqual([]);
  return seen;
}

function outcomes(records: readonly HistoryRecord[]): readonly string[] {
  return followed(records).verdicts.map(({ outcome }) => outcome);
}

describe("the swing of gradient descent at the edge of stability", () => {
  it("has the mean square 2·(−∇S·∇L)/‖∇S‖² between times of one sharpness, in the cubic model", () => {
    for (const rise of [0.01, 0.02, 0.05]) {
      const path = cubicSteps({ rise, steps: 20_000 });
      const first = path.findIndex(({ sharpness }) => sharpness >= 20);
      const last = path.findLastIndex(({ sharpness }) => sharpness >= 20);
      const within = path.slice(first, last);
      const square = within.reduce((sum, { x }) => sum + x ** 2, 0) / within.length;
      expect(last - first).toBeGreaterThan(1000);
      // By what the sharpness differs at the ends, at most the fall of one burst, over all that it would have risen.
      expect(Math.abs(square / swing(rise, 1) - 1)).toBeLessThan(0.03);
    }
  });
});

describe("the law of the central flow", () => {
  it(
    "forecasts before the crossing how large gradients will be after it, many times what they are, and holds",
    { timeout: 60_000 },
    () => {
      for (const records of [cubicEdge(), atTheEdge({ rate: 0.15, steps: 860, seed: 3, width: 8 })]) {
        const { issued, verdicts } = followed(records);
        expect(verdicts.map(({ outcome }) => outcome)).toEqual(["held"]);
        expect(verdicts[0]?.skill).toBeGreaterThan(0.5);
        expect(issued[0]?.central).toBeGreaterThan(5 * (issued[0]?.baselines[0]?.value ?? NaN));
      }
    },
  );

  it("is broken by a sharpness that stays at the edge while gradients do not swing", () => {
    const still = cubicEdge().map((record) =>
      record.t === "step" ? { ...record, values: { ...record.values, "gradient/norm": 0.03 } } : record,
    );
    expect(outcomes(still)).toEqual(["broken"]);
  });

  it("is out of regime where a second direction reaches the edge, or training leaves it", () => {
    const second = cubicEdge().map((record): HistoryRecord =>
      record.t === "measure" && record.step > 400
        ? { t: "vector", step: record.step, name: "hessian/eigenvalues", values: [20.1, 19.9] }
        : record,
    );
    expect(outcomes(second)).not.toContain("held");
    const left = cubicEdge().map((record) =>
      record.t === "measure" && (record.values["sharpness/batch"] ?? 0) > 20.05
        ? { ...record, values: { "sharpness/batch": 30 } }
        : record,
    );
    expect(outcomes(left)).not.toContain("held");
  });

  it("does not speak with momentum, small batches, or weight decay", () => {
    for (const setting of [
      { kind: "momentum", group: { momentum: 0.9 } },
      { batch: 8 },
      { group: { weightDecay: 0.1, weightDecayForm: "coupled" } },
    ] as const) {
      const { issued, standings } = followed(cubicEdge({ setting, steps: 400 }));
      expect(issued).toEqual([]);
      expect(standings[0]?.says).toContain("out of regime");
    }
  });

  it("leaves undecided a run that ends before the edge", () => {
    expect(outcomes(cubicEdge({ steps: 700 }))).toEqual(["unresolved"]);
  });
});
