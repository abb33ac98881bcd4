import { describe, expect, it } from "vitest";
import { hessianOutliers, outlierCount } from "../../src/theory/empirical/hessianOutliers.ts";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { classifierCurvature } from "./streams/classifierCurvature.ts";
import { follow, stepped } from "./theoryStreams.ts";

const whole = classifierCurvature();

describe("outliers of the Hessian", () => {
  it("are counted at the largest ratio of neighbours from half of the classes on, whatever the unit", () => {
    const bulk = [0.3, 0.28, 0.27, 0.25, 0.24];
    expect(outlierCount([9, 2, 1.5, 1.2, ...bulk], 5)).toBe(4);
    expect(outlierCount([9000, 2000, 1500, 1200, ...bulk.map((each) => 1000 * each)], 5)).toBe(4);
    expect(outlierCount([9, 2, 1.5], 5)).toBeNaN();
    expect(outlierCount([9, 2, NaN, 1.2, ...bulk], 5)).toBeNaN();
    // What is not positive is no bulk to stand out from.
    expect(outlierCount([9, 4, 3, 2.5, 2.4, -1, -2], 5)).toBe(3);
  });

  it.each([3, 4])(
    "are one less than %s classes on a network in float64, as forecast in advance, and hold",
    (classes) => {
      const { issued, verdicts, refusals } = follow(classifierCurvature({ classes, steps: 70 }), [hessianOutliers]);
      expect(refusals).toEqual([]);
      expect(issued.length).toBeGreaterThan(1);
      const decided = verdicts.filter(({ outcome }) => outcome === "held" || outcome === "broken");
      expect(decided.length).toBeGreaterThan(1);
      expect(decided.every(({ outcome }) => outcome === "held")).toBe(true);
      expect(decided.filter(({ measured }) => measured === classes - 1).length).toBeGreaterThan(decided.length / 2);
    },
  );

  it("are broken where as many stand out as there are no classes for", () => {
    const others = [5, 4.8, 4.6, 4.5, 4.4, 4.3, 4.2, ...Array.from({ length: 13 }, (_, index) => 1 - index / 50)];
    const records = whole.map((record): HistoryRecord =>
      record.t === "vector" ? { ...record, values: others } : record,
    );
    const { verdicts } = follow(records, [hessianOutliers]);
    expect(verdicts.filter(({ outcome }) => outcome === "broken").length).toBeGreaterThan(0);
  });

  it("are out of regime before the classes have come apart, and once the examples are fitted", () => {
    const high = whole.map((record) => (record.t === "step" ? stepped(record.step, 1) : record));
    const { issued, standings } = follow(high, [hessianOutliers]);
    expect(issued).toEqual([]);
    expect(standings[0]?.says).toContain("out of regime: not so that the loss is between 0.15 and 0.5 of ln C");
    const fitted = whole.map((record) =>
      record.t === "step" && record.step > 32 ? stepped(record.step, 1e-4) : record,
    );
    expect(follow(fitted, [hessianOutliers]).verdicts.at(-1)?.outcome).toBe("out of regime");
  });

  it("are out of regime with small batches, other losses, batch normalization, or too many classes for what is measured", () => {
    const says = (change: (record: HistoryRecord) => HistoryRecord) => {
      const { issued, standings } = follow(whole.map(change), [hessianOutliers]);
      expect(issued).toEqual([]);
      return standings[0]?.says;
    };
    expect(says((record) => (record.t === "data" ? { ...record, batch: 20 } : record))).toContain("20 for 3 classes");
    expect(says((record) => (record.t === "objective" ? { ...record, kind: "meanSquaredError" } : record))).toContain(
      "a cross-entropy",
    );
    expect(says((record) => (record.t === "objective" ? { ...record, classes: 100 } : record))).toContain(
      "3 to 16 classes",
    );
    const module = { path: "b", kind: "BatchNormalization", parameterShapes: [[8], [8]], parameters: 16 };
    expect(says((record) => (record.t === "model" ? { ...record, modules: [module] } : record))).toContain(
      "no batches are normalized (1 normalizations)",
    );
  });

  it("cannot be spoken of without eigenvalues", () => {
    const records = whole.filter(({ t }) => t !== "vector");
    expect(follow(records, [hessianOutliers]).standings[0]?.says).toContain(
      "cannot speak: needs the largest eigenvalues of the Hessian",
    );
  });
});
