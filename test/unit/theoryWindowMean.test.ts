import { describe, expect, it } from "vitest";
import { SeriesColumn } from "../../src/theory/series.ts";
import { windowMean } from "../../src/theory/windowMean.ts";
import { gaussians } from "../oracle/tinyNetwork.ts";

function seriesOf(values: readonly number[]) {
  const column = new SeriesColumn();
  values.forEach((value, step) => {
    column.push(step, value, 0);
  });
  return column.prefix(column.length);
}

describe("the mean over a window", () => {
  it("is over the steps named, both ends included, and of what is made of each value", () => {
    const series = seriesOf(Array.from({ length: 100 }, (_, step) => step));
    expect(windowMean(series, 10, 49)).toMatchObject({ mean: 29.5, count: 40 });
    expect(windowMean(series, 1, 20, (value) => value ** 2)?.mean).toBeCloseTo((20 * 21 * 41) / 6 / 20, 10);
  });

  it("has the standard error of independent values, also on a slow trend, and the larger one of neighbours that agree", () => {
    const next = gaussians(5);
    const white = Array.from({ length: 4000 }, next);
    let state = 0;
    // Autoregressive with φ = 0.9 and variance 1: the mean's variance is (1+φ)/(1−φ) = 19 times that of independent values.
    const red = Array.from({ length: 4000 }, () => (state = 0.9 * state + Math.sqrt(1 - 0.81) * next()));
    const errorOf = (values: readonly number[]) => windowMean(seriesOf(values), 0, 4000)?.standardError ?? NaN;
    // From 19 differences of batch means, whose own standard deviation is about a fifth of it: three of those.
    expect(errorOf(white) * Math.sqrt(4000)).toBeGreaterThan(0.4);
    expect(errorOf(white) * Math.sqrt(4000)).toBeLessThan(1.6);
    expect(errorOf(white.map((value, step) => value + step / 10_000)) / errorOf(white)).toBeCloseTo(1, 0);
    expect(errorOf(red) * Math.sqrt(4000 / 19)).toBeGreaterThan(0.4);
    expect(errorOf(red) * Math.sqrt(4000 / 19)).toBeLessThan(1.6);
  });

  it("is undefined of fewer than twenty values, and where one is not finite", () => {
    expect(windowMean(seriesOf(Array<number>(19).fill(1)), 0, 100)).toBeUndefined();
    expect(windowMean(seriesOf([...Array<number>(30).fill(1), NaN]), 0, 100)).toBeUndefined();
  });

  it("looks at a part of a long window only, from all over it", () => {
    const series = seriesOf(Array.from({ length: 100_000 }, (_, step) => step));
    const found = windowMean(series, 0, 100_000);
    expect(found?.count).toBeLessThanOrEqual(2048);
    expect((found?.mean ?? NaN) / 50_000).toBeCloseTo(1, 2);
  });
});
