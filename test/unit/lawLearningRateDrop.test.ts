import { describe, expect, it } from "vitest";
import { learningRateDrop, noiseFloor } from "../../src/theory/empirical/learningRateDrop.ts";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { droppedRate } from "./streams/droppedRate.ts";
import { follow } from "./theoryStreams.ts";

const curvatures = [1, 0.8, 0.5, 0.3, 0.2];
const batch = 4;

function followed(records: readonly HistoryRecord[]) {
  return follow(records, [learningRateDrop]);
}

function mean(records: readonly HistoryRecord[], of: (values: Readonly<Record<string, number>>) => number): number {
  const values = records.flatMap((record) => (record.t === "step" && record.step >= 200 ? of(record.values) : []));
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Exact stationary excess loss for noise of variance h along a curvature of h: Σ ηh/(2B(2 − ηh)). */
function exactFloor(rate: number): number {
  return curvatures.reduce((sum, curvature) => sum + (rate * curvature) / (2 * batch * (2 - rate * curvature)), 0);
}

/** The same under v ← βv + g: ½h⟨x²⟩ with ⟨x²⟩ = η(1+β)s²/(Bh(1−β)(2(1+β) − ηh)), from the recurrence's covariance. */
function exactFloorWithMomentum(rate: number, momentum: number): number {
  return curvatures.reduce((sum, curvature) => {
    const below = batch * (1 - momentum) * (2 * (1 + momentum) - rate * curvature);
    return sum + (rate * (1 + momentum) * curvature) / (2 * below);
  }, 0);
}

describe("the noise floor", () => {
  const constant = (rate: number, momentum = 0) =>
    droppedRate({ steps: 30_000, rate: () => rate, momentum, every: 100_000 });

  it("is (1+μ)/(4η)·⟨|Δw|²⟩ at any ηh, where (η/4B)·tr Σ is too small: exact sums and float64 runs of a quadratic", () => {
    for (const rate of [0.1, 0.9]) {
      const records = constant(rate);
      const exact = exactFloor(rate);
      const floor = noiseFloor(
        rate,
        0,
        mean(records, (values) => (values["update/norm"] ?? NaN) ** 2),
      );
      // Some thousands of independent stretches of 1/ηh steps: 2 %.
      expect(floor / exact).toBeCloseTo(1, 1);
      expect(mean(records, (values) => values["loss/train"] ?? NaN) / exact).toBeCloseTo(1, 1);
    }
    const small = (0.9 / 4 / batch) * curvatures.reduce((sum, each) => sum + each, 0);
    expect(exactFloor(0.9) / small).toBeGreaterThan(1.3);
  });

  it("holds with momentum, in the form v ← μv + g", () => {
    const records = constant(0.05, 0.9);
    const exact = exactFloorWithMomentum(0.05, 0.9);
    const floor = noiseFloor(
      0.05,
      0.9,
      mean(records, (values) => (values["update/norm"] ?? NaN) ** 2),
    );
    expect(floor / exact).toBeCloseTo(1, 1);
    expect(mean(records, (values) => values["loss/train"] ?? NaN) / exact).toBeCloseTo(1, 1);
    // Small steps: η/(1−μ) in the place of η.
    expect(exact / exactFloor(0.5)).toBeCloseTo(1, 0);
  });

  it("goes with ⟨w·g⟩ = (1+μ)/(2η)·⟨|Δw|²⟩, wherever the minimum lies", () => {
    for (const [rate, momentum] of [
      [0.5, 0],
      [0.05, 0.9],
    ] as const) {
      const records = constant(rate, momentum);
      const along = mean(records, (values) => values["gradient/alongWeights"] ?? NaN);
      const square = mean(records, (values) => (values["update/norm"] ?? NaN) ** 2);
      // The left side scatters more, by the noise along the weights.
      expect(along / (2 * noiseFloor(rate, momentum, square))).toBeCloseTo(1, 0);
    }
  });
});

describe("dropping the learning rate", () => {
  it("gains what the fluctuations before it forecast, and it holds", () => {
    for (const seed of [2, 3, 4]) {
      const { issued, verdicts, refusals } = followed(droppedRate({ seed }));
      expect(refusals).toEqual([]);
      expect(issued.map(({ subject, issuedAt }) => [subject, issuedAt])).toEqual([["drop at step 800", 800]]);
      expect(verdicts.map(({ outcome }) => outcome)).toEqual(["held"]);
      expect(verdicts[0]?.skill).toBeGreaterThan(0.5);
    }
  });

  it("is broken where the plateau is no floor of noise, so that the drop gains nothing", () => {
    const constant = droppedRate({ rate: () => 0.5 });
    const only = constant.filter((record) => record.t === "step" && record.step > 800);
    const first = droppedRate({}).filter((record) => !("step" in record) || record.step <= 800);
    const records = [...first, ...only].map((record): HistoryRecord =>
      record.t === "step" && record.step > 800
        ? { ...record, values: { ...record.values, "optimizer/learningRate": 0.05 } }
        : record,
    );
    const { verdicts } = followed([...records, { t: "end", step: 1400, how: "finished" }]);
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(["broken"]);
  });

  it("is not forecast on a slope, where descent is not stationary, under decay, or with an adaptive optimizer", () => {
    const says = (records: readonly HistoryRecord[]) => {
      const { issued, standings } = followed(records.filter(({ t }) => t !== "end"));
      expect(issued).toEqual([]);
      return standings[0]?.says;
    };
    const sloping = droppedRate({ steps: 800, rate: () => 0.002, start: curvatures.map(() => 5) });
    expect(says(sloping)).toContain("out of regime: not so that the loss is on a plateau");
    const unrelated = droppedRate({ steps: 800 }).map((record): HistoryRecord =>
      record.t === "step" ? { ...record, values: { ...record.values, "gradient/alongWeights": 0 } } : record,
    );
    expect(says(unrelated)).toContain("as where noise and descent balance");
    expect(says(droppedRate({ group: { weightDecay: 0.1, weightDecayForm: "coupled" } }))).toContain(
      "weights do not decay",
    );
    const adam = droppedRate({}).map((record) =>
      record.t === "optimizer" ? { ...record, kind: "adam" as const, name: "Adam" } : record,
    );
    expect(says(adam)).toContain("the optimizer is gradient descent");
  });

  it("is told before anyone drops it: what a tenth of the rate would gain", () => {
    const { standings } = followed(droppedRate({ steps: 800 }));
    const saw = standings[0]?.regime?.checks.map((check) => check.saw).join();
    expect(saw).toMatch(/a tenth of the rate would gain about 0\.\d+ of 0\.\d+/);
  });

  it("is out of regime where the rate moves again before the horizon, and unresolved where the run ends", () => {
    const again = droppedRate({ rate: (step) => (step < 800 ? 0.5 : step < 1000 ? 0.05 : 0.01) });
    expect(followed(again).verdicts.map(({ outcome }) => outcome)).toContain("out of regime");
    expect(followed(droppedRate({ steps: 1000 })).verdicts.map(({ outcome }) => outcome)).toEqual(["unresolved"]);
  });
});
