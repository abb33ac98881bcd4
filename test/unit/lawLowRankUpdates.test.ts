import { SVD } from "ml-matrix";
import { describe, expect, it } from "vitest";
import { lowRankUpdates, stableRankLimit } from "../../src/theory/universality/lowRankUpdates.ts";
import { gaussianMatrix } from "./streams/freshLayers.ts";
import { learnedChange } from "./streams/learnedChange.ts";
import { follow } from "./theoryStreams.ts";

describe("updates of low rank", () => {
  it("are judged by what a random matrix has: its stable rank in the limit, to a tenth for sides of some 50", () => {
    for (const [rows, columns] of [
      [50, 50],
      [120, 40],
    ] as const) {
      const singular = new SVD(gaussianMatrix(rows, columns, 1, 3)).diagonal;
      const squares = singular.reduce((sum, each) => sum + each ** 2, 0);
      const found = squares / Math.max(...singular) ** 2;
      // The largest eigenvalue strays by (sides)^(-2/3) from its limit, some 7 % here.
      expect(found / stableRankLimit(rows, columns)).toBeGreaterThan(0.9);
      expect(found / stableRankLimit(rows, columns)).toBeLessThan(1.15);
    }
  });

  it.each(["descent", "adam"] as const)(
    "are what %s adds to a hidden matrix, as forecast before the first step",
    (update) => {
      const { issued, verdicts, refusals } = follow(learnedChange({ update }), [lowRankUpdates]);
      expect(refusals).toEqual([]);
      expect(issued.map(({ issuedAt, subject, high }) => [issuedAt, subject, Math.round(high)])).toEqual([
        [0, "dense1", 5],
      ]);
      expect(verdicts.map(({ outcome }) => outcome)).toEqual(["held"]);
      // Well below the bound. It has no centre, and so neither error nor skill.
      expect(verdicts[0]?.measured).toBeLessThan(0.8 * (issued[0]?.high ?? NaN));
      expect([verdicts[0]?.error, verdicts[0]?.skill]).toEqual([NaN, NaN]);
    },
  );

  it("are not what a random walk of the weights leaves, which breaks it as soon as it is seen", () => {
    const { verdicts } = follow(learnedChange({ walk: 0.1 }), [lowRankUpdates]);
    expect(verdicts.map(({ outcome, scoredAt }) => [outcome, scoredAt])).toEqual([["broken", 30]]);
    expect(verdicts[0]?.reason).toContain("Look for labels that do not follow from the inputs");
  });

  it("are not spoken of where the layer is narrow, or outputs are many or not known, or no layer is hidden", () => {
    const says = (records: Parameters<typeof follow>[0]) => {
      const { issued, standings } = follow(records, [lowRankUpdates]);
      expect(issued).toEqual([]);
      return standings[0]?.says;
    };
    expect(says(learnedChange({ width: 24, steps: 12 }))).toContain(
      "out of regime: not so that a hidden matrix is wide",
    );
    expect(says(learnedChange({ outputs: 10, steps: 12 }))).toContain("stable rank of 10, with 10 outputs");
    const unknown = learnedChange({ steps: 12 }).map((record) =>
      record.t === "objective" ? { ...record, outputs: undefined } : record,
    );
    expect(says(unknown)).toContain("in its regime; nothing to forecast yet");
    const shallow = learnedChange({ steps: 12 }).map((record) =>
      record.t === "model" ? { ...record, modules: record.modules.slice(1) } : record,
    );
    expect(says(shallow)).toContain("cannot speak: needs a hidden layer with a matrix, between others");
  });

  it("are left open where the run was too short to tell", () => {
    const { verdicts } = follow(learnedChange({ steps: 60 }), [lowRankUpdates]);
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(["unresolved"]);
  });
});
