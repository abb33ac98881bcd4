import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { describe, expect, it } from "vitest";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { displacement, lazyOrRich, orderOf } from "../../src/theory/limits/lazyOrRich.ts";
import { SeriesColumn } from "../../src/theory/series.ts";
import { gaussians } from "../oracle/tinyNetwork.ts";
import { wideNetwork } from "./streams/wideNetwork.ts";
import { follow } from "./theoryStreams.ts";

function followed(records: readonly HistoryRecord[]) {
  const seen = follow(records, [lazyOrRich]);
  expect(seen.refusals).toEqual([]);
  const decided = seen.verdicts.filter(({ outcome }) => outcome === "held" || outcome === "broken");
  return { ...seen, decided };
}

describe("the displacement of the weights of a linear model", () => {
  it("grows as that of gradient descent on a random linear regression", () => {
    const [examples, weights, rate] = [6, 9, 0.2];
    const next = gaussians(4);
    const inputs = new Matrix(Array.from({ length: examples }, () => Array.from({ length: weights }, next)));
    const targets = Matrix.columnVector(Array.from({ length: examples }, next));
    const kernel = new EigenvalueDecomposition(inputs.mmul(inputs.transpose()), { assumeSymmetric: true });
    const rates = kernel.realEigenvalues.map((value) => value / examples);
    const parts = rates.map((_, index) => {
      const along = kernel.eigenvectorMatrix.getColumnVector(index).dot(targets);
      return along ** 2 / (2 * examples);
    });
    let model = Matrix.zeros(weights, 1);
    const moved = Array.from({ length: 200 }, () => {
      const residual = Matrix.sub(inputs.mmul(model), targets);
      model = Matrix.sub(
        model,
        inputs
          .transpose()
          .mmul(residual)
          .mul(rate / examples),
      );
      return model.norm();
    });
    const scale = (moved[0] ?? NaN) / displacement({ rates, parts }, rate, 1);
    for (const steps of [2, 5, 20, 100, 200]) {
      expect((moved[steps - 1] ?? NaN) / scale / displacement({ rates, parts }, rate, steps)).toBeCloseTo(1, 9);
    }
  });
});

describe("the order in the displacement to which the kernel moves", () => {
  const measuredAt = (steps: readonly number[], distanceAt: (step: number) => number) => {
    const column = new SeriesColumn();
    for (const step of steps) column.push(step, distanceAt(step), 0);
    return column.prefix(steps.length);
  };
  const displaced = (steps: number) => Math.sqrt(steps);

  it.each([
    { power: 1, order: 1 },
    { power: 1.5, order: 1.5 },
    { power: 2, order: 2 },
    { power: 3, order: 2 },
    { power: 0.3, order: 1 },
  ])("is $order where it has grown as the displacement to the power of $power", ({ power, order }) => {
    const series = measuredAt([2, 8, 20], (step) => 0.01 * displaced(step) ** power);
    expect(orderOf(series, displaced)).toBeCloseTo(order, 9);
  });

  it("is the first where nothing was measured before, but the beginning", () => {
    expect(
      orderOf(
        measuredAt([12], () => 0.1),
        displaced,
      ),
    ).toBe(1);
    expect(
      orderOf(
        measuredAt([0, 12], (step) => step / 100),
        displaced,
      ),
    ).toBe(1);
    expect(
      orderOf(
        measuredAt([9, 12], (step) => step ** 2),
        displaced,
      ),
    ).toBe(1);
  });
});

describe("the law of lazy and rich networks", () => {
  it(
    "forecasts in lazy and in rich networks how far the kernel moves, and holds in three of four or more",
    { timeout: 60_000 },
    () => {
      const all = [8, 128, 512].flatMap((width) =>
        [4, 5, 6].flatMap((seed) => followed(wideNetwork({ width, steps: 400, every: 8, seed })).decided),
      );
      expect(all.length).toBeGreaterThanOrEqual(15);
      const held = all.filter(({ outcome }) => outcome === "held");
      expect(held.length / all.length).toBeGreaterThanOrEqual(0.75);
      const skills = all.map(({ skill }) => skill).toSorted((one, other) => one - other);
      expect(skills[Math.floor(skills.length / 2)]).toBeGreaterThan(0.1);
    },
  );

  it("says which of the two a network is", () => {
    const said = (width: number) => followed(wideNetwork({ width, steps: 40, every: 8 })).issued[1]?.statement;
    expect(said(1600)).toContain("lazy: it learns with the features that it began with");
    expect(said(8)).toContain("rich: it makes features of its own");
  });

  it("is broken by a kernel that leaves faster than the weights", () => {
    const leaving = wideNetwork({ width: 128, steps: 400, every: 8 }).map((record): HistoryRecord =>
      record.t === "measure" && record.step > 60 ? { ...record, values: { "kernel/distance": 2 } } : record,
    );
    expect(followed(leaving).decided.map(({ outcome }) => outcome)).toContain("broken");
  });

  it("speaks as well where the kernel was first measured late, by what of the first residual lies along it", () => {
    const all = [32, 400].flatMap((width) =>
      [1, 2, 3].flatMap((seed) => {
        const records = wideNetwork({ width, steps: 640, every: 8, seed });
        return followed(records.filter((record) => record.t !== "vector" || record.step >= 120)).decided;
      }),
    );
    expect(all.length).toBeGreaterThanOrEqual(10);
    expect(all.filter(({ outcome }) => outcome === "held").length / all.length).toBeGreaterThanOrEqual(0.7);
  });

  it("does not speak of a kernel of a part of the examples", () => {
    const part = followed(wideNetwork({ width: 64, steps: 100, inKernel: 10 }));
    expect(part.standings[0]?.says).toContain("the kernel is of all examples");
  });

  it("does not speak with momentum", () => {
    const momentum = { kind: "momentum", group: { learningRate: 0.1, momentum: 0.9 } } as const;
    const { issued, standings } = followed(wideNetwork({ width: 64, steps: 60, setting: momentum }));
    expect(issued).toEqual([]);
    expect(standings[0]?.says).toContain("without momentum");
  });
});
