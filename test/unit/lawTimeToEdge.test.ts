import { describe, expect, it } from "vitest";
import { approach, logHalfWidth, timeToEdge } from "../../src/theory/empirical/timeToEdge.ts";
import { SeriesColumn } from "../../src/theory/series.ts";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { follow, opening, sharpnessRun } from "./theoryStreams.ts";

function seriesOf(value: (step: number) => number, steps: number, every: number, error = 0) {
  const column = new SeriesColumn();
  for (let step = 0; step <= steps; step += every) column.push(step, value(step), error);
  return column.prefix(column.length);
}

function followed(records: readonly HistoryRecord[]) {
  return follow(records, [timeToEdge]);
}

describe("time to the edge", () => {
  it("of a straight rise is the gap over the slope", () => {
    const reached = approach(
      seriesOf((step) => 2 + step / 100, 400, 10),
      20,
    );
    // (20 − 6) / 0.01, exact but for rounding in the regression.
    expect(reached?.stepsLeft).toBeCloseTo(1400, 6);
    expect(reached?.horizon).toBeCloseTo(14, 6);
  });

  it("lies between the straight line's and the parabola's where the rise accelerates", () => {
    const reached = approach(
      seriesOf((step) => 2 + (step / 100) ** 2, 400, 10),
      50,
    );
    const straight = (50 - 18) / (8 / 100);
    const parabola = 100 * Math.sqrt(48) - 400;
    expect(reached?.stepsLeft).toBeLessThan(straight * 1.05);
    expect(reached?.stepsLeft).toBeGreaterThan(parabola);
  });

  it("is not told where the sharpness falls, stands still, or rises by less than its measurements' errors", () => {
    expect(
      approach(
        seriesOf((step) => 9 - step / 100, 400, 10),
        20,
      ),
    ).toBeUndefined();
    expect(
      approach(
        seriesOf(() => 9, 400, 10),
        20,
      ),
    ).toBeUndefined();
    expect(
      approach(
        seriesOf((step) => 2 + step / 100, 400, 10, 2),
        20,
      ),
    ).toBeUndefined();
    expect(
      approach(
        seriesOf((step) => 2 + step / 100, 40, 10),
        20,
      ),
    ).toBeUndefined();
  });

  it("is forecast for an accelerating rise before half the way in time, held, and again as the gap halves", () => {
    const { issued, verdicts, refusals } = followed(
      sharpnessRun((step) => 4 + 16 * (step / 1000) ** 1.2, { steps: 1200 }),
    );
    expect(refusals).toEqual([]);
    expect(issued[0]?.issuedAt).toBeLessThan(1000 / 2);
    expect(new Set(issued.map(({ subject }) => subject)).size).toBe(issued.length);
    expect(issued.length).toBeGreaterThanOrEqual(4);
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(issued.map(() => "held"));
    // Measured at step 1000 itself, where it is 20 but for rounding.
    expect(Math.abs((verdicts[0]?.measured ?? NaN) - 1000)).toBeLessThan(1e-6);
    expect(verdicts[0]?.skill).toBeGreaterThan(0.5);
  });

  it("has an interval that grows with the horizon", () => {
    expect(logHalfWidth(3)).toBeGreaterThan(logHalfWidth(1));
    const { issued } = followed(sharpnessRun((step) => 4 * Math.exp(step / 621), { steps: 1200 }));
    const widths = issued.map(({ high, low, central }) => (high - low) / central);
    expect(widths).toEqual([...widths].sort((one, other) => other - one));
  });

  it("is the same in steps when the sharpness and 1/η are both doubled", () => {
    const run = (factor: number) =>
      followed(
        sharpnessRun((step) => factor * 4 * Math.exp(step / 621), {
          steps: 1200,
          group: { learningRate: 0.1 / factor },
        }),
      ).issued.map(({ issuedAt, low, central, high }) => ({ issuedAt, low, central, high }));
    // A power of two changes no rounding.
    expect(run(2)).toEqual(run(1));
  });

  it("is broken, without a number, where the edge is not met long after the interval", () => {
    const { issued, verdicts } = followed(
      sharpnessRun((step) => (step < 400 ? 4 + step / 60 : 10.7 - 1 / step), { steps: 20_000, every: 50 }),
    );
    expect(issued.length).toBeGreaterThan(0);
    expect(verdicts[0]).toMatchObject({ outcome: "broken", measured: NaN });
    expect(verdicts[0]?.reason).toContain("had not crossed");
  });

  it("is unresolved where the run ends within the interval, and out of regime where the threshold moves", () => {
    const { verdicts } = followed(sharpnessRun((step) => 4 * Math.exp(step / 621), { steps: 700 }));
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(verdicts.map(() => "unresolved"));
    const until = sharpnessRun((step) => 4 * Math.exp(step / 621), { steps: 700 }).slice(0, -1);
    const [optimizer] = opening({ group: { learningRate: 0.05 } }).filter(({ t }) => t === "optimizer");
    const moved = followed([...until, { ...optimizer, step: 700 } as HistoryRecord]);
    expect(moved.verdicts.map(({ outcome }) => outcome)).toEqual(moved.issued.map(() => "out of regime"));
    expect(moved.issued.length).toBeGreaterThan(0);
  });

  it("is unresolved, never broken, where it may have crossed and come back between two measurements", () => {
    // Crosses 20 at step 960 and falls back to 17; with the measurements around that left out, it is first seen above at 1270.
    const sawtooth = (step: number) => (step < 970 ? 4 + step / 60 : 17 + (step - 970) / 100);
    const seldom = sharpnessRun(sawtooth, { steps: 2000 }).filter(
      (record) => record.t !== "measure" || record.step <= 900 || record.step >= 1100,
    );
    const { issued, verdicts } = followed(seldom);
    const narrow = issued.filter(({ low, high }) => low > 900 && high < 1200).map(({ id }) => id);
    expect(narrow.length).toBeGreaterThan(0);
    for (const verdict of verdicts) {
      expect(verdict.outcome).not.toBe("broken");
      if (narrow.includes(verdict.forecast)) {
        expect(verdict.outcome).toBe("unresolved");
        expect(verdict.reason).toContain("between steps 900 and 1100");
      }
    }
  });

  it("is not forecast once the edge has been met", () => {
    const { issued, standings } = followed(
      sharpnessRun((step) => (step < 200 ? 1 + step / 9 : 4 * Math.exp(step / 1200)), { steps: 1500 }),
    );
    expect(issued).toEqual([]);
    expect(standings[0]?.says).toContain("it has not been at the edge before");
  });
});
