import { describe, expect, it } from "vitest";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { richRate } from "../../src/theory/limits/richRate.ts";
import { richNetwork, richSweep } from "./streams/richNetwork.ts";
import { endedView } from "./streams/sameStart.ts";
import { follow } from "./theoryStreams.ts";

function followed(records: readonly HistoryRecord[], before: readonly (readonly HistoryRecord[])[]) {
  const seen = follow(records, [richRate], before.map(endedView));
  expect(seen.refusals).toEqual([]);
  return seen;
}

function withStillWeights(record: HistoryRecord): HistoryRecord {
  if (record.t !== "step") return record;
  const values = Object.entries(record.values).map(([name, value]) => [name, name.startsWith("weight/") ? 1 : value]);
  return { ...record, values: Object.fromEntries(values) as Record<string, number> };
}

const less = { gamma: 16, seed: 5, steps: 200 };
const more = { gamma: 64, seed: 5, steps: 200 };
const rates = [0.64, 1.28, 2.56, 5.12, 10.24];
const base = richSweep(less, rates);

describe("the law of richness and the best learning rate", () => {
  it("forecasts for a ReLU network of two matrices a best rate in proportion to what its outputs are divided by, and holds", () => {
    const run = richNetwork({ ...more, rate: 10.24 });
    const { issued, verdicts } = followed(run, [...base, ...richSweep(more, [5.12, 20.48])]);
    expect(issued).toHaveLength(1);
    // By first gradients the factor is a little less than 4, since the first outputs are not nothing.
    const before = issued[0]?.baselines.find(({ kind }) => kind === "the best rate of the other sweep")?.value;
    expect((issued[0]?.central ?? NaN) / (before ?? NaN)).toBeGreaterThan(3.6);
    expect((issued[0]?.central ?? NaN) / (before ?? NaN)).toBeLessThan(4.2);
    expect(issued[0]?.issuedAt).toBe(0);
    expect(verdicts).toEqual([expect.objectContaining({ outcome: "held" })]);
    expect(verdicts[0]?.skill).toBeGreaterThan(0);
  });

  it("forecasts for three matrices the power two thirds, and from a richer network for one that is less so", () => {
    const rich = richSweep({ gamma: 64, matrices: 3 }, rates);
    const run = richNetwork({ gamma: 16, matrices: 3, rate: 1 });
    const { issued, verdicts } = followed(run, [...rich, ...richSweep({ gamma: 16, matrices: 3 }, [0.25, 4])]);
    // Of the best on the grid, whose neighbours are twice as far.
    expect(Math.abs(Math.log((issued[0]?.central ?? NaN) / (2.56 * 4 ** (-2 / 3))))).toBeLessThan(0.5);
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(["held"]);
  });

  it("is broken where the best rate stays as it was", () => {
    const renamed = (rate: number) =>
      richNetwork({ ...more, rate: 4 * rate }).map((record): HistoryRecord =>
        record.t === "optimizer"
          ? { ...record, groups: record.groups.map((group) => ({ ...group, learningRate: rate })) }
          : record,
      );
    const { verdicts } = followed(renamed(2.56), [...base, ...[0.64, 5.12].map(renamed)]);
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(["broken"]);
  });

  it("is out of regime for a tanh network, and where weights hardly grow", () => {
    const tanh = { activation: "tanh", steps: 60 };
    const before = [...richSweep({ ...less, ...tanh }, rates), ...richSweep({ ...more, ...tanh }, [5])];
    const other = followed(richNetwork({ ...more, ...tanh, rate: 10 }), before);
    expect(other.issued).toEqual([]);
    expect(other.standings[0]?.says).toContain("not so that the network is nothing but dense layers with ReLU");
    const still = [...base, ...richSweep(more, [5.12, 20.48])].map((records) => records.map(withStillWeights));
    const lazy = followed(richNetwork({ ...more, rate: 10.24 }), still);
    expect(lazy.issued).toEqual([]);
    expect(lazy.standings[0]?.says).toContain("out of regime: not so that weights grow to 1.2 times their size");
  });

  it("says nothing where the best rate is known already, and cannot speak without a sweep at another factor", () => {
    const own = richSweep(more, [5.12, 10.24, 20.48]);
    expect(followed(richNetwork({ ...more, rate: 15 }), [...base, ...own]).issued).toEqual([]);
    const { standings } = followed(richNetwork({ ...more, rate: 15, steps: 20 }), own);
    expect(standings[0]?.says).toContain(
      "cannot speak: needs earlier runs of the same network whose learning rates alone differ",
    );
  });
});
