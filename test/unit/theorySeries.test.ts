import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SeriesColumn } from "../../src/theory/series.ts";

const value = fc.oneof(fc.integer({ min: -50, max: 50 }), fc.constantFrom(Infinity, -Infinity, NaN, NaN));

describe("a series", () => {
  it("finds maxima and first values at a level as looking at every point does, in every prefix", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(value, fc.integer({ min: 1, max: 200 })), { minLength: 1, maxLength: 12 }),
        fc.nat(),
        fc.nat(),
        fc.integer({ min: -60, max: 60 }),
        (runs, from, to, level) => {
          const values = runs.flatMap(([each, times]) => Array.from({ length: times }, () => each));
          const column = new SeriesColumn();
          for (const [step, each] of values.entries()) column.push(step, each, 0);
          const end = 1 + (to % values.length);
          const first = from % end;
          const series = column.prefix(end);
          expect(series.maximum(first, end)).toBe(Math.max(...values.slice(first, end)));
          const found = values.slice(0, end).findIndex((each, index) => index >= first && each >= level);
          expect(series.firstAtLeast(level, first)).toBe(found === -1 ? undefined : found);
        },
      ),
    );
  });

  it("has no maximum where it has no point", () => {
    const column = new SeriesColumn();
    column.push(0, 1, 0);
    expect(column.prefix(1).maximum(1, 1)).toBeNaN();
    expect(column.prefix(1).maximum(0, 9)).toBe(1);
  });
});
