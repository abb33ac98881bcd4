import { describe, expect, it } from "vitest";
import {
  errorInHalfWidths,
  firstCrossing,
  skillOf,
  timeMean,
  unseenCrossing,
  weightedLine,
  window,
} from "../../src/theory/score.ts";
import { SeriesColumn } from "../../src/theory/series.ts";

function seriesOf(...points: (readonly [number, number])[]) {
  const column = new SeriesColumn();
  for (const [step, value] of points) column.push(step, value, 0);
  return column.prefix(points.length);
}

describe("scoring", () => {
  it("counts errors in half-widths of the side on which the value fell", () => {
    const forecast = { low: 8, central: 10, high: 16 };
    expect(errorInHalfWidths(forecast, 13)).toBe(0.5);
    expect(errorInHalfWidths(forecast, 7)).toBe(-1.5);
    expect(errorInHalfWidths({ low: 0, central: 0, high: 1 }, 0)).toBe(0);
  });

  it("gives skill 1 for a perfect forecast, 0 for one no better than the best baseline, none where that is right", () => {
    const baselines = (...values: number[]) => values.map((value) => ({ kind: "any", value }));
    expect(skillOf(5, baselines(3, 9), 5)).toBe(1);
    expect(skillOf(7, baselines(3), 5)).toBe(0);
    expect(skillOf(7, baselines(0, 3, 90), 5)).toBe(0);
    expect(skillOf(9, baselines(3, 0), 5)).toBe(-1);
    expect(skillOf(5, baselines(5, 3), 5)).toBeNaN();
    expect(skillOf(5, baselines(), 5)).toBeNaN();
  });

  it("averages over time and not over measurements", () => {
    const crowded = seriesOf([0, 0], [1, 1], [2, 2], [3, 3], [103, 3]);
    // ∫ = 4.5 over the ramp and 300 after it.
    expect(timeMean(crowded, 0, 5)).toBeCloseTo(304.5 / 103, 12);
    expect(timeMean(crowded, 2, 3)).toBe(2);
    expect(timeMean(crowded, 2, 2)).toBeNaN();
    expect(timeMean(seriesOf([0, 1], [5, NaN]), 0, 2)).toBeNaN();
  });

  it("finds the points of a window with both of its ends", () => {
    expect(window(seriesOf([0, 1], [2, 1], [4, 1], [6, 1]), 2, 4)).toEqual({ first: 1, end: 3 });
  });

  it("interpolates the first crossing between its two measurements", () => {
    const series = seriesOf([0, 3], [10, 1], [20, 2], [40, 4], [50, 1], [60, 9]);
    expect(firstCrossing(series, 3, 1)).toEqual({ step: 30, before: 20, after: 40 });
    expect(firstCrossing(series, 3, 41)).toEqual({ step: 52.5, before: 50, after: 60 });
    expect(firstCrossing(series, 10, 0)).toBeUndefined();
  });

  it("dates a jump to infinity at the measurement that saw it, and one to NaN not at all", () => {
    expect(firstCrossing(seriesOf([0, 1], [8, Infinity]), 3, 0)?.step).toBe(8);
    expect(firstCrossing(seriesOf([0, 1], [8, NaN]), 3, 0)).toBeUndefined();
  });

  it("says where a crossing may have gone unseen: near the level, after a rise that would have reached it", () => {
    expect(unseenCrossing(seriesOf([0, 1], [10, 8], [20, 9]), 10, 20)).toEqual({ before: 10, after: 20 });
    // Too slow a rise to have got there; too far below the level to have been there; a crossing that was seen.
    expect(unseenCrossing(seriesOf([0, 7.5], [10, 8], [20, 9]), 10, 20)).toBeUndefined();
    expect(unseenCrossing(seriesOf([0, 1], [10, 8], [20, 5]), 10, 20)).toBeUndefined();
    expect(unseenCrossing(seriesOf([0, 1], [10, 8], [20, 11], [30, 9]), 10, 20)).toBeUndefined();
  });

  it("fits a line through points by their weights", () => {
    const exact = [0, 1, 5].map((x) => ({ x, y: 2 - 3 * x, weight: 1 + x }));
    expect(weightedLine(exact)?.slope).toBeCloseTo(-3, 12);
    expect(weightedLine(exact)?.intercept).toBeCloseTo(2, 12);
    // A point of weight w counts as w points of weight 1.
    const heavy = weightedLine([point(0, 0, 1), point(1, 2, 1), point(2, 1, 2)]);
    const repeated = weightedLine([point(0, 0, 1), point(1, 2, 1), point(2, 1, 1), point(2, 1, 1)]);
    expect(heavy?.slope).toBeCloseTo(repeated?.slope ?? NaN, 12);
    expect(weightedLine([point(1, 2, 1), point(1, 3, 1)])).toBeUndefined();
  });
});

function point(x: number, y: number, weight: number) {
  return { x, y, weight };
}
