import { describe, expect, it } from "vitest";
import { stepSize } from "../../src/theory/limits/stepSize.ts";
import { endedView, sameStart, type SameStart } from "./streams/sameStart.ts";
import { follow, type Setting } from "./theoryStreams.ts";

function lossesOf(run: SameStart): number[] {
  return sameStart(run).flatMap((record) => (record.t === "step" ? (record.values["loss/train"] ?? []) : []));
}

/** What is said of a run after two earlier ones. */
function after(rates: readonly number[], run: SameStart, change: Partial<SameStart> = {}) {
  const earlier = rates.map((rate) => endedView(sameStart({ ...run, ...change, rate })));
  const seen = follow(sameStart({ time: 6, ...run }), [stepSize], earlier);
  expect(seen.refusals).toEqual([]);
  return seen;
}

describe("the step size of gradient descent below the edge", () => {
  it("changes the loss at one η·step in proportion to η: the change halves with η", () => {
    const [whole, half, quarter, eighth] = [0.04, 0.02, 0.01, 0.005].map(
      (rate) => lossesOf({ rate })[Math.round(4 / rate)] ?? NaN,
    );
    const changes = [whole, half, quarter].map(
      (loss, index) => (loss ?? NaN) - ([half, quarter, eighth][index] ?? NaN),
    );
    const ratios = [0, 1].map((index) => (changes[index] ?? NaN) / (changes[index + 1] ?? NaN));
    // What is left is of the next order, which halves too.
    expect(Math.abs((ratios[0] ?? NaN) - 2)).toBeLessThan(0.1);
    expect(Math.abs((ratios[1] ?? NaN) - 2)).toBeLessThan(0.05);
  });

  it("is forecast from two other step sizes, larger, smaller or in between, with an error that is a small part of the change", () => {
    const [errors, skills]: [number[], number[]] = [[], []];
    for (const [one, other, rate] of [
      [0.1, 0.05, 0.025],
      [0.02, 0.04, 0.08],
      [0.02, 0.08, 0.04],
    ] as const) {
      for (const task of [1, 2]) {
        const { issued, verdicts } = after([one, other], { rate, task });
        expect(issued).toHaveLength(3);
        for (const { error, skill } of verdicts) {
          errors.push(Math.abs(error));
          skills.push(skill);
        }
      }
    }
    expect(errors.filter((error) => error <= 1).length / errors.length).toBeGreaterThan(0.8);
    expect(skills.toSorted((a, b) => a - b)[Math.floor(skills.length / 2)]).toBeGreaterThan(0.8);
  });

  it("is not what makes runs of other data differ, and the law is broken", () => {
    // Runs that only seem to begin alike: their loss is that of another run, scaled to the same first value.
    const start = lossesOf({ rate: 0.01 })[0] ?? NaN;
    const other = lossesOf({ rate: 0.01, task: 3, time: 6 });
    const records = sameStart({ rate: 0.01, time: 6 }).map((record) =>
      record.t === "step"
        ? { ...record, values: { "loss/train": ((other[record.step] ?? NaN) * start) / (other[0] ?? NaN) } }
        : record,
    );
    const earlier = [0.04, 0.02].map((rate) => endedView(sameStart({ rate })));
    const { verdicts } = follow(records, [stepSize], earlier);
    expect(verdicts.map(({ outcome }) => outcome)).toContain("broken");
  });

  it("is not spoken of for other weights, fewer runs, or runs that differ in more", () => {
    for (const { standings, issued } of [
      after([0.04, 0.02], { rate: 0.01 }, { seed: 2 }),
      after([0.02], { rate: 0.01 }),
      after([0.02, 0.01], { rate: 0.01 }),
      after([0.04, 0.02], { rate: 0.01 }, { setting: { objective: { reduction: "sum" } } }),
    ]) {
      expect(issued).toEqual([]);
      expect(standings[0]?.says).toContain("cannot speak: needs 2 earlier runs");
    }
  });

  it("is out of regime with momentum, batches, or a step size at the edge", () => {
    const settings: readonly (Setting | undefined)[] = [{ kind: "momentum", group: { momentum: 0.9 } }, { batch: 8 }];
    for (const setting of settings) {
      const earlier = [0.04, 0.02].map((rate) => endedView(sameStart({ rate })));
      const { issued, standings } = follow(sameStart({ rate: 0.01, ...(setting && { setting }) }), [stepSize], earlier);
      expect(issued).toEqual([]);
      expect(standings[0]?.says).toMatch(/out of regime|cannot speak/);
    }
    const atEdge = sameStart({ rate: 0.01, time: 6, measurements: 0.5 });
    const { verdicts } = follow(
      atEdge.map((record) => (record.t === "measure" ? { ...record, values: { "sharpness/batch": 190 } } : record)),
      [stepSize],
      [0.04, 0.02].map((rate) => endedView(sameStart({ rate }))),
    );
    expect(new Set(verdicts.map(({ outcome }) => outcome))).toEqual(new Set(["out of regime"]));
  });
});
