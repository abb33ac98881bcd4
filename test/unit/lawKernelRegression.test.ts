import { describe, expect, it } from "vitest";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { kernelRegression } from "../../src/theory/solvable/kernelRegression.ts";
import { unseenFactors } from "../../src/theory/solvable/unseenLoss.ts";
import { regression, type Regression } from "./streams/regression.ts";
import { follow } from "./theoryStreams.ts";

function followed(records: readonly HistoryRecord[]) {
  const seen = follow(records, [kernelRegression]);
  expect(seen.refusals).toEqual([]);
  return seen;
}

describe("what descent leaves of a mode in the errors on examples that are left out", () => {
  it("is all of it at the start, and e^−x of one among very many that have not begun", () => {
    for (const factor of unseenFactors([0, 0, 0])) expect(factor).toBeCloseTo(1, 12);
    const idle = Array.from({ length: 20_000 }, () => 0);
    // The one mode is itself a share of 1/20000 of the mean.
    for (const x of [0.1, 1, 5, 20]) expect(unseenFactors([x, ...idle])[0]).toBeCloseTo(Math.exp(-x), 3);
  });
});

describe("the loss on unseen examples by the kernel", () => {
  const run: Regression = { examples: 60, inputs: 120, steps: 1200, seed: 1 };

  it("is forecast for linear regressions up to forty times ahead, and holds in four of five", () => {
    const seeds = Array.from({ length: 8 }, (_, index) => index + 1);
    const decided = seeds
      .flatMap((seed) => followed(regression({ ...run, seed })).verdicts)
      .filter(({ outcome }) => outcome === "held" || outcome === "broken");
    expect(decided.length).toBeGreaterThanOrEqual(16);
    const held = decided.filter(({ outcome }) => outcome === "held").length;
    expect(held / decided.length).toBeGreaterThanOrEqual(0.7);
  });

  it("is broken where the validation goes another way after the forecast", () => {
    const other = regression(run).map((record) =>
      record.t === "measure" && record.step > 60 && "loss/validation" in record.values
        ? { ...record, values: { "loss/validation": 3 * (record.values["loss/validation"] ?? NaN) } }
        : record,
    );
    expect(followed(other).verdicts.map(({ outcome }) => outcome)).toContain("broken");
  });

  it("is out of regime for validation examples of another kind, and where the kernel moves", () => {
    const says = (change: Partial<Regression>) =>
      followed(regression({ ...run, steps: 40, ...change })).standings[0]?.says;
    expect(says({ stretch: 3 })).toContain("its examples are like those of the training");
    expect(says({ distance: 0.2 })).toContain("has moved by at most 5 %");
    expect(says({ setting: { kind: "momentum", group: { learningRate: 0.1, momentum: 0.9 } } })).toContain("momentum");
  });

  it("cannot speak without a validation", () => {
    const records = regression({ ...run, steps: 40 }).filter(
      (record) => record.t !== "measure" || !("loss/validation" in record.values),
    );
    expect(followed(records).standings[0]?.says).toBe("cannot speak: needs a validation loss");
  });
});
