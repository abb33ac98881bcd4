import { describe, expect, it } from "vitest";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { earlyStopping } from "../../src/theory/solvable/earlyStopping.ts";
import { regression, type Regression } from "./streams/regression.ts";
import { follow } from "./theoryStreams.ts";

const run: Regression = { examples: 80, inputs: 120, steps: 1000, seed: 3, decay: 1, noise: 0.7, every: 8, speed: 0.2 };

function followed(records: readonly HistoryRecord[]) {
  const seen = follow(records, [earlyStopping]);
  expect(seen.refusals).toEqual([]);
  return seen;
}

describe("the step of the least validation loss", () => {
  it("is told by the kernel of linear regressions with noise, before it comes, in most", () => {
    const seeds = Array.from({ length: 8 }, (_, index) => index + 1);
    const verdicts = seeds.flatMap((seed) => followed(regression({ ...run, seed })).verdicts);
    const decided = verdicts.filter(({ outcome }) => outcome === "held" || outcome === "broken");
    expect(decided.length).toBeGreaterThanOrEqual(5);
    const held = decided.filter(({ outcome }) => outcome === "held").length;
    expect(held / decided.length).toBeGreaterThanOrEqual(0.7);
  });

  it("is not told where nothing is gained by stopping, as without noise", () => {
    expect(followed(regression({ ...run, inputs: 30, noise: 0 })).issued).toEqual([]);
  });

  it("is broken where the least loss comes at the very end, and unresolved where the run ends before", () => {
    const records = regression(run);
    const falling = records.map((record) =>
      record.t === "measure" && record.step > 16 && "loss/validation" in record.values
        ? { ...record, values: { "loss/validation": 1 / record.step } }
        : record,
    );
    expect(followed(falling).verdicts.map(({ outcome }) => outcome)).toEqual(["broken"]);
    expect(followed(regression({ ...run, steps: 20 })).verdicts.map(({ outcome }) => outcome)).toEqual(["unresolved"]);
  });

  it("is out of regime where the kernel moves", () => {
    const { standings } = followed(regression({ ...run, steps: 40, distance: 0.2 }));
    expect(standings[0]?.says).toContain("has moved by at most 5 %");
  });
});
