import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { describe, expect, it } from "vitest";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { firstLearningRate, growthPerStep } from "../../src/theory/hyperparameters/firstLearningRate.ts";
import { firstSteps } from "./streams/firstSteps.ts";
import { follow, measured, opening, stepped } from "./theoryStreams.ts";

function followed(records: readonly HistoryRecord[]) {
  return follow(records, [firstLearningRate]);
}

/** A loss and a sharpness of one's own at η = 0.1, whose limit is 20. */
function told(
  loss: (step: number) => number,
  sharpness: (step: number) => number,
  more: Parameters<typeof opening>[0] = {},
) {
  const records: HistoryRecord[] = opening(more);
  for (let step = 0; step < 70; step++) {
    const one = stepped(step, loss(step));
    records.push(one.t === "step" ? { ...one, values: { ...one.values, "optimizer/learningRate": 0.1 } } : one);
    if (step % 5 === 0) records.push(measured(step, { "sharpness/batch": sharpness(step) }));
  }
  return [...records, { t: "end", step: 70, how: "finished" } as const];
}

describe("oscillation beyond the limit", () => {
  it("grows by the spectral radius of the optimizer's recurrence", () => {
    for (const [ratio, momentum] of [
      [1.3, 0],
      [4, 0],
      [0.5, 0.9],
      [1, 0.9],
      [2, 0.9],
    ] as const) {
      // (w, v) ← (w − ηv′, v′), v′ = βv + hw with η = 1 and h = 2(1 + β)·ratio.
      const curvature = 2 * (1 + momentum) * ratio;
      const matrix = new Matrix([
        [1 - curvature, -momentum],
        [curvature, momentum],
      ]);
      const { realEigenvalues, imaginaryEigenvalues } = new EigenvalueDecomposition(matrix);
      const radius = Math.max(
        ...realEigenvalues.map((real, index) => Math.hypot(real, imaginaryEigenvalues[index] ?? NaN)),
      );
      expect(growthPerStep(ratio, momentum)).toBeCloseTo(radius, 10);
    }
    expect(growthPerStep(1, 0)).toBe(1);
  });
});

describe("the first learning rate of a small network in float64", () => {
  it("below 0.8 of the limit makes no spike, and beyond 1.5 one within the steps forecast", () => {
    for (const momentum of [0, 0.9]) {
      const calm = followed(firstSteps({ seed: 1, steps: 70, rate: () => 0.3, momentum }));
      expect(calm.refusals).toEqual([]);
      expect(calm.issued.map(({ subject, statistic }) => [subject, statistic])).toEqual([["start", "maximum"]]);
      expect(calm.verdicts.map(({ outcome }) => outcome)).toEqual(["held"]);
      const spiking = followed(firstSteps({ seed: 1, steps: 70, rate: () => 2, momentum }));
      expect(spiking.issued.map(({ statistic }) => statistic)).toEqual(["crossingStep"]);
      expect(spiking.verdicts.map(({ outcome }) => outcome)).toEqual(["held"]);
    }
  });

  it("is said nothing of between, and the largest stable one is told", () => {
    const { issued, standings } = followed(firstSteps({ seed: 1, steps: 4, rate: () => 1.2 }));
    expect(issued).toEqual([]);
    const saw = standings[0]?.regime?.checks.map((check) => check.saw).join();
    expect(saw).toMatch(/1\.2 of 2\/η at step 0: a rate 0\.83 times as large is the largest stable one there/);
  });

  it("in a warmup is forecast again as it rises: calm below, a spike beyond", () => {
    const { issued, verdicts } = followed(firstSteps({ seed: 1, steps: 300, rate: (step) => (2 * (step + 1)) / 300 }));
    expect(issued.map(({ subject }) => subject)).toEqual([
      "start",
      "warmup, below 0.25 of the limit",
      "warmup, below 0.5 of the limit",
      "warmup, above the limit",
    ]);
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(["held", "held", "held", "held"]);
  });
});

describe("the law of the first learning rate", () => {
  it("is broken by a spike at a small ratio, and by none at a large one", () => {
    const spike = followed(
      told(
        (step) => (step === 20 ? 5 : 1),
        () => 8,
      ),
    );
    expect(spike.verdicts.map(({ outcome, scoredAt }) => [outcome, scoredAt])).toEqual([["broken", 20]]);
    const none = followed(
      told(
        () => 1,
        () => 40,
      ),
    );
    expect(none.verdicts.map(({ outcome }) => outcome)).toEqual(["broken"]);
  });

  it("is held where the loss ceases to be a number beyond the limit", () => {
    expect(
      followed(
        told(
          (step) => (step < 3 ? 1 : NaN),
          () => 40,
        ),
      ).verdicts.map(({ outcome }) => outcome),
    ).toEqual(["held"]);
  });

  it("is out of regime where the sharpness changes sides before it is decided", () => {
    const falls = followed(
      told(
        () => 1,
        (step) => (step < 5 ? 40 : 10),
      ),
    );
    expect(falls.verdicts.map(({ outcome }) => outcome)).toEqual(["out of regime"]);
    const rises = followed(
      told(
        (step) => (step < 40 ? 1 : 9),
        (step) => (step < 5 ? 8 : 25),
      ),
    );
    expect(rises.verdicts.map(({ outcome }) => outcome)).toEqual(["out of regime"]);
  });

  it("does not speak of small batches, adaptive optimizers, or without a sharpness", () => {
    const says = (records: readonly HistoryRecord[]) => followed(records).standings[0]?.says;
    expect(
      says(
        told(
          () => 1,
          () => 8,
          { batch: 4, examples: 1000 },
        ),
      ),
    ).toContain("a step sees the whole data set");
    const adam = told(
      () => 1,
      () => 8,
      { kind: "adam", group: { beta1: 0.9 } },
    );
    expect(
      says(
        adam.map((record) =>
          record.t === "measure" ? measured(record.step, { "sharpness/preconditioned": 9 }) : record,
        ),
      ),
    ).toContain("out of regime: not so that the optimizer is gradient descent");
    expect(
      says(
        told(
          () => 1,
          () => 8,
        ).filter(({ t }) => t !== "measure"),
      ),
    ).toContain("needs a measurement of the sharpness");
  });
});
