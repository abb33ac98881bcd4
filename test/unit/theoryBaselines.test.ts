import { describe, expect, it } from "vitest";
import { baselinesAt, finite } from "../../src/theory/baselines.ts";
import { SeriesColumn } from "../../src/theory/series.ts";

function seriesOf(points: number, value: (step: number) => number) {
  const column = new SeriesColumn();
  for (let step = 0; step < points; step++) column.push(step, value(step), 0);
  return column.prefix(points);
}

function valueOf(kind: string, series: Parameters<typeof baselinesAt>[0], to: number): number | undefined {
  return baselinesAt(series, to).find((each) => each.kind === kind)?.value;
}

describe("naive forecasters", () => {
  it("say of a straight line what it will be, of a power law too, and of either its last value", () => {
    const line = seriesOf(2000, (step) => 7 - 0.001 * step);
    expect(valueOf("straight line", line, 3000)).toBeCloseTo(4, 9);
    expect(valueOf("persistence", line, 3000)).toBeCloseTo(7 - 1.999, 12);
    const power = seriesOf(2000, (step) => 5 * (step + 0) ** -0.3);
    expect(valueOf("straight line in log–log", power, 8000)).toBeCloseTo(5 * 8000 ** -0.3, 9);
  });

  it("are silent where they have nothing to go by, and never say what is not finite", () => {
    expect(
      baselinesAt(
        seriesOf(0, () => 1),
        10,
      ),
    ).toEqual([]);
    expect(
      baselinesAt(
        seriesOf(1, () => 1),
        10,
      ),
    ).toEqual([{ kind: "persistence", value: 1 }]);
    expect(
      baselinesAt(
        seriesOf(40, () => NaN),
        10,
      ),
    ).toEqual([]);
    expect(
      valueOf(
        "straight line in log–log",
        seriesOf(40, () => -1),
        100,
      ),
    ).toBeUndefined();
    expect(finite({ kind: "a", value: Infinity }, { kind: "b", value: 2 })).toEqual([{ kind: "b", value: 2 }]);
  });
});
