import { describe, expect, it } from "vitest";
import { laterNorm, scaleSymmetry } from "../../src/theory/empirical/scaleSymmetry.ts";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { scaleFreeWeights } from "./streams/scaleFreeWeights.ts";
import { follow, opening } from "./theoryStreams.ts";

function followed(records: readonly HistoryRecord[]) {
  const seen = follow(records, [scaleSymmetry]);
  expect(seen.refusals).toEqual([]);
  return seen;
}

function largestDifference(decay: number): number {
  const rate = 0.1;
  const { squares, gradients } = scaleFreeWeights({ decay, rate });
  const off = squares.slice(1).map((after, step) => {
    const expected = (1 - rate * decay) ** 2 * (squares[step] ?? NaN) + rate ** 2 * (gradients[step] ?? NaN);
    return Math.abs(after / expected - 1);
  });
  return Math.max(...off);
}

describe("weights before a normalization, under plain gradient descent", () => {
  it.each([0, 0.05])("take on exactly η²‖g‖² a step and lose what decay takes, with λ = %d", (decay) => {
    // Sums of 20 products in float64.
    expect(largestDifference(decay)).toBeLessThan(1e-13);
  });

  it("never lose norm without decay", () => {
    const { squares } = scaleFreeWeights();
    expect(squares.every((square, step) => step === 0 || square >= (squares[step - 1] ?? NaN))).toBe(true);
  });

  it("add up to the norm that the law makes of the gradients' squares, with and without decay", () => {
    for (const decay of [0, 0.05]) {
      const { squares, gradients } = scaleFreeWeights({ decay, steps: 900 });
      const sum = gradients.slice(300, 600).reduce((total, each) => total + each, 0);
      const norm = laterNorm(Math.sqrt(squares[300] ?? NaN), sum, { rate: 0.1, decay }, 300);
      // With decay, gradients are taken as spread evenly, which they are not quite, and (1 − ηλ)² as an exponential.
      expect(norm / Math.sqrt(squares[600] ?? NaN)).toBeCloseTo(1, decay === 0 ? 10 : 1);
    }
  });

  it.each([0, 0.05])("have the norm that is forecast a doubling ahead, λ = %d", (decay) => {
    const { issued, verdicts } = followed(scaleFreeWeights({ decay }).records);
    expect(issued.map(({ subject }) => subject)).toEqual([
      "a after 2^6 steps",
      "a after 2^7 steps",
      "a after 2^8 steps",
      "a after 2^9 steps",
    ]);
    expect(issued[0]).toMatchObject({ issuedAt: 96, to: 192 });
    const outcomes = verdicts.map(({ outcome }) => outcome);
    // Under decay the first comes while gradients still grow as the norm shrinks.
    expect(outcomes.filter((outcome) => outcome === "held").length).toBeGreaterThanOrEqual(decay === 0 ? 3 : 2);
    expect(outcomes[3]).toBe("unresolved");
  });

  it("that decay without being told to have another norm, and the law is broken", () => {
    const { records } = scaleFreeWeights({ decay: 0.05 });
    const { verdicts } = followed([...opening({ batch: 8 }), ...records.slice(opening().length)]);
    expect(verdicts.map(({ outcome }) => outcome)).toContain("broken");
  });

  it("are out of regime where steps are so small that a cosine of 1e-3 outweighs what they add", () => {
    const { records } = scaleFreeWeights({ rate: 1e-5, pull: 3e-3 });
    const cosines = records.flatMap((record) =>
      record.t === "measure" ? Math.abs(record.values["scale/product@a"] ?? NaN) : [],
    );
    expect(Math.max(...cosines.slice(0, 100))).toBeLessThan(1e-3);
    expect(followed(records).issued).toEqual([]);
  });

  it("that the loss does feel are out of its regime, as are momentum and a moving learning rate", () => {
    const { records } = scaleFreeWeights({ pull: 0.05 });
    expect(followed(records).issued).toEqual([]);
    expect(followed(records).standings[0]?.says).toContain("right angles");
    for (const [kind, momentum] of [
      ["momentum", 0.9],
      ["adam", 0],
    ] as const) {
      const start = opening({ kind, batch: 8, group: { momentum } });
      const { standings } = followed([...start, ...scaleFreeWeights().records.slice(start.length)]);
      expect(standings[0]?.says).toContain("out of regime: not so that the optimizer is plain gradient descent");
    }
  });
});
