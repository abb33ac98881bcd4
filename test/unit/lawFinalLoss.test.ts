import { describe, expect, it } from "vitest";
import { cosineRate, expectedGain, finalLoss, fitSlowFall, lossAt } from "../../src/theory/empirical/annealing.ts";
import { finalLossLaw } from "../../src/theory/empirical/finalLoss.ts";
import { slowFall, type SlowFallRun } from "./streams/slowFall.ts";
import { follow } from "./theoryStreams.ts";

function followed(run: SlowFallRun) {
  const { issued, verdicts, standings, refusals } = follow(slowFall(run), [finalLossLaw]);
  const outcomes = issued.map(({ id }) => verdicts.find(({ forecast }) => forecast === id)?.outcome);
  return { issued, verdicts, outcomes, refusals, says: standings[0]?.says };
}

describe("a slow fall", () => {
  it("is found by its fit, and carried on", () => {
    const points = Array.from({ length: 12 }, (_, index) => ({
      step: 500 + 50 * index,
      loss: 3 + 30 * (500 + 50 * index) ** -0.6,
    }));
    const fall = fitSlowFall(points);
    expect(fall?.limit).toBeCloseTo(3, 9);
    expect(fall && lossAt(fall, 4000)).toBeCloseTo(3 + 30 * 4000 ** -0.6, 9);
  });

  it.each([
    ["too few points", [1, 2, 3, 4].map((step) => ({ step, loss: 3 - step / 10 }))],
    ["a loss that rises", [1, 2, 3, 4, 5].map((step) => ({ step, loss: 3 + step / 10 }))],
    ["a loss that stays", [1, 2, 3, 4, 5].map((step) => ({ step, loss: 3 }))],
    [
      "a loss that would fall below zero",
      [1, 2, 3, 4, 5].map((step) => ({ step, loss: 0.1 + 3 * (step ** -0.6 - 0.38) })),
    ],
    ["a loss that is no number", [1, 2, 3, 4, 5].map((step) => ({ step, loss: NaN }))],
    ["one step again and again", [7, 7, 7, 7, 7].map((step) => ({ step, loss: 3 }))],
  ])("is not said of %s", (_, points) => {
    expect(fitSlowFall(points)).toBeUndefined();
  });

  it("is known better the more models have been seen to agree, and where in its decay the run is", () => {
    const width = (gains: readonly number[]) => expectedGain(gains).most - expectedGain(gains).least;
    expect(width([0.02, 0.03, 0.02, 0.03])).toBeLessThan(width([0.02, 0.03]));
    // Two draws a and b of a Gaussian: the third lies within t(1)·|a − b|·√(3/4) of their mean, t(1) = 3.078 in nine of ten tails.
    expect(expectedGain([0.02, 0.03]).most).toBeCloseTo(0.025 + 3.078 * 0.01 * Math.sqrt(0.75), 2);
    const fall = { limit: 3, factor: 30, error: 0 };
    const span = (rate: number | undefined) => {
      const { low, high } = finalLoss(fall, 2000, 4000, rate);
      return high - low;
    };
    expect(span(cosineRate(0.5))).toBeLessThan(span(1));
    expect(span(1)).toBeLessThan(span(undefined));
  });
});

describe("the final loss of a run", () => {
  it.each([
    ["validation losses, the learning rate not known", {}],
    ["validation losses and the learning rate", { rates: "recorded" }],
    ["training losses", { losses: "training" }],
    ["training losses and the learning rate", { losses: "training", rates: "recorded" }],
  ] as const)("is forecast at a quarter, half and three quarters of it, with skill: %s", (_, run) => {
    const { issued, outcomes, verdicts, refusals } = followed({ steps: 4000, ...run });
    expect(refusals).toEqual([]);
    expect(issued.map(({ subject }) => subject)).toEqual(
      ["0.25", "0.5", "0.75"].map((stage) => `at ${stage} of the planned steps`),
    );
    expect(outcomes).toEqual(["held", "held", "held"]);
    for (const { skill } of verdicts) expect(skill).toBeGreaterThan(0);
  });

  it("is broken where the decay gives thrice as much, or nothing", () => {
    expect(followed({ steps: 4000, gain: 0.09 }).outcomes).toEqual(["broken", "broken", "broken"]);
    expect(followed({ steps: 4000, gain: 0, rates: "recorded" }).outcomes).toEqual(["broken", "broken", "broken"]);
  });

  it("is out of regime where the learning rate is seen not to be brought down", () => {
    const outside = followed({ steps: 4000, gain: 0, rates: "constant" }).outcomes;
    expect(outside).toEqual(["out of regime", "out of regime", "out of regime"]);
  });

  it("is unresolved where the run stops before", () => {
    expect(followed({ steps: 2500, planned: 4000 }).outcomes).toEqual(["unresolved", "unresolved"]);
  });

  it("is not forecast of a loss of another kind, of one that falls fast, nor in a warmup", () => {
    expect(followed({ steps: 4000, kind: "meanSquaredError" })).toMatchObject({
      issued: [],
      says: expect.stringMatching(/cross-entropy/) as string,
    });
    expect(followed({ steps: 4000, kind: "crossEntropy" }).issued).toHaveLength(3);
    const fast = follow(slowFall({ steps: 4000, factor: 3000 }).slice(0, -60), [finalLossLaw]);
    expect(fast.issued).toEqual([]);
    expect(fast.standings[0]?.says).toMatch(/falls slowly, by a tenth at most .*by \d+ %/);
    const warm = followed({ steps: 4000, rates: "recorded", warmup: 600 });
    expect(warm.issued.map(({ subject }) => subject)).not.toContain("at 0.25 of the planned steps");
  });

  it("cannot be forecast where it is not known how long the run is to be, or of a few losses", () => {
    const records = slowFall({ steps: 4000 });
    const unplanned = follow(
      records.filter(({ t }) => t !== "data"),
      [finalLossLaw],
    );
    expect(unplanned.standings[0]?.says).toMatch(/^cannot speak: needs how many steps are planned/);
    const few = follow(slowFall({ steps: 100, planned: 4000 }), [finalLossLaw]);
    expect(few.standings[0]?.says).toMatch(/^cannot speak: needs 5 validation losses/);
  });

  it("does not depend on the loss' unit, nor on how many steps a stretch of training is cut into", () => {
    const numbers = (run: SlowFallRun, unit = 1) =>
      followed(run).issued.flatMap(({ low, central, high }) => [low / unit, central / unit, high / unit]);
    const one = numbers({ steps: 4000 });
    expect(numbers({ steps: 4000, scale: 4 }, 4)).toEqual(one);
    // Measured every fifty steps, a run of twice as many has other points.
    numbers({ steps: 8000 }).forEach((value, index) => {
      expect(value / (one[index] ?? NaN)).toBeCloseTo(1, 3);
    });
  });
});
