import { describe, expect, it } from "vitest";
import { scalingExponent } from "../../src/theory/empirical/scalingExponent.ts";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { powerLawRegression, type PowerLawRegression } from "./streams/powerLawRegression.ts";
import { follow } from "./theoryStreams.ts";

const usual: PowerLawRegression = { capacity: 1.4, source: 2, steps: 1300, seed: 1, batch: 8 };

function followed(records: readonly HistoryRecord[]) {
  const seen = follow(records, [scalingExponent]);
  expect(seen.refusals).toEqual([]);
  return seen;
}

/** The exponent of time that a statement names. */
function exponentIn(statement: string | undefined): number {
  return Number(/t\^−([\d.]+)/.exec(statement ?? "")?.[1] ?? NaN);
}

/** Between steps 128 and 512, of the expected loss ½·Σ k^−a·(1 − ηk^−b)^(2t) itself: 400 modes are not all that a power law has. */
function exactExponent({ source, capacity }: Pick<PowerLawRegression, "source" | "capacity">): number {
  const modes = Array.from({ length: 400 }, (_, index) => index + 1);
  const loss = (step: number) =>
    modes.reduce((sum, mode) => sum + mode ** -source * (1 - 0.08 * mode ** -capacity) ** (2 * step), 0);
  return Math.log(loss(128) / loss(512)) / Math.log(4);
}

describe("the exponent of the loss in time", () => {
  it.each([
    { capacity: 1.2, source: 1.8 },
    { capacity: 1.4, source: 2 },
    { capacity: 1.8, source: 2.2 },
  ])("is (a − 1)/b of the data's own powers, from 100 examples: a $source, b $capacity", ({ capacity, source }) => {
    // Of eight draws, since a sample's few first modes scatter.
    const told = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) =>
      exponentIn(followed(powerLawRegression({ ...usual, capacity, source, seed, steps: 180 })).issued[0]?.statement),
    );
    const exact = exactExponent({ source, capacity });
    expect(exact / ((source - 1) / capacity) - 1).toBeLessThan(0.15);
    const known = told.filter(Number.isFinite);
    expect(known.length).toBeGreaterThanOrEqual(5);
    const mean = known.reduce((sum, each) => sum + each, 0) / known.length;
    expect(Math.abs(mean / exact - 1)).toBeLessThan(0.2);
  });

  it("tells the loss ahead, with momentum as without it", { timeout: 60_000 }, () => {
    const decided = [0, 0.8].map((momentum) =>
      [2, 4, 5, 6, 8].flatMap((seed) =>
        followed(powerLawRegression({ ...usual, momentum, seed })).verdicts.filter(
          ({ outcome }) => outcome !== "unresolved",
        ),
      ),
    );
    const outcomes = decided.map((verdicts) => verdicts.map(({ outcome }) => outcome));
    // Momentum is another unit of time, and nothing else.
    expect(outcomes[1]).toEqual(outcomes[0]);
    const skills = decided
      .flat()
      .map(({ skill }) => skill)
      .toSorted((one, other) => one - other);
    expect(skills[Math.floor(skills.length / 2)]).toBeGreaterThan(0.3);
  });

  it("is not spoken of where noise ends the power, of few examples, under Adam, or for another loss", () => {
    const says = (change: Partial<PowerLawRegression>) =>
      followed(powerLawRegression({ ...usual, steps: 200, ...change })).standings[0]?.says;
    expect(says({ noise: 4 })).toContain("what is left of the loss falls as a power");
    expect(says({ inKernel: 40 })).toContain("fewer than 80 eigenvalues");
    expect(says({ setting: { kind: "adam" } })).toContain("the optimizer is gradient descent");
    expect(says({ setting: { objective: { kind: "crossEntropy" } } })).toContain("a squared error");
  });
});
