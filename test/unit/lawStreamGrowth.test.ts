import { describe, expect, it } from "vitest";
import { streamGrowth } from "../../src/theory/limits/streamGrowth.ts";
import { formOf, growthAfter, rateOf } from "../../src/theory/limits/streamProfile.ts";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { residualRun, type ResidualRun } from "./streams/residualRun.ts";
import { endedView } from "./streams/sameStart.ts";
import { follow } from "./theoryStreams.ts";

function followed(records: readonly HistoryRecord[], before: readonly (readonly HistoryRecord[])[]) {
  const seen = follow(records, [streamGrowth], before.map(endedView));
  expect(seen.refusals).toEqual([]);
  return seen;
}

/** Told of 16 blocks by networks of 4 and 8. */
function deeper(setting: Omit<ResidualRun, "blocks" | "seed">, seed = 1) {
  const of = (blocks: number, which: number) => residualRun({ blocks, seed: 10 * seed + which, ...setting });
  return followed(of(16, 3), [of(4, 1), of(8, 2)]);
}

describe("growth of a stream", () => {
  it("is told by its form", () => {
    const added = Array.from({ length: 9 }, (_, sum) => 2 * (1 + 0.3 * sum));
    const multiplied = Array.from({ length: 9 }, (_, sum) => 2 * 1.3 ** sum);
    expect([added, multiplied].map(formOf)).toEqual(["added", "multiplied"]);
    expect(rateOf(added, "added")).toBeCloseTo(0.3, 12);
    expect(rateOf(multiplied, "multiplied")).toBeCloseTo(0.3, 12);
    expect(growthAfter(0.3, 8, "added")).toBeCloseTo(3.4, 12);
    expect(growthAfter(0.3, 8, "multiplied")).toBeCloseTo(1.3 ** 8, 12);
  });
});

describe("the law of the residual stream", () => {
  it("holds for deeper networks, normalized or not, with whatever power of the depth blocks are divided by", () => {
    let [held, all] = [0, 0];
    for (const normalized of [true, false])
      for (const power of [0, 0.5, 1])
        for (let seed = 1; seed <= 3; seed++) {
          const { issued, verdicts } = deeper({ normalized, power, width: 32 }, seed);
          expect(issued).toHaveLength(1);
          all++;
          if (verdicts[0]?.outcome === "held") held++;
        }
    expect(all).toBe(18);
    // Of intervals of 10 % to 90 % 14 are expected, and fewer than 11 less than once in 50 times.
    expect(held).toBeGreaterThanOrEqual(11);
  }, 60_000);

  it("says that the stream stays where blocks are divided by the depth, and grows exponentially where nothing holds it", () => {
    const kept = deeper({ power: 1 }).issued[0];
    const power = Number(/depth\^(?<power>\S+):/.exec(kept?.statement ?? "")?.groups?.["power"]);
    // By two networks of 48 units, whose rates scatter by a tenth.
    expect(Math.abs(power + 1)).toBeLessThan(0.3);
    expect(kept?.central).toBeLessThan(1.1 * (kept?.baselines[0]?.value ?? NaN));
    const free = deeper({ normalized: false });
    // Each sum doubles the mean square: eight more of them make sixteen times the size.
    const growth = (free.issued[0]?.central ?? NaN) / (free.issued[0]?.baselines[0]?.value ?? NaN);
    expect(growth).toBeGreaterThan(10);
    expect(free.verdicts[0]?.skill).toBeGreaterThan(0.5);
  });

  it("holds for a less deep network too, and for blocks of two sums", () => {
    const of = (blocks: number, seed: number) => residualRun({ blocks, seed, sums: 2, width: 32 });
    const { issued, verdicts } = followed(of(3, 3), [of(6, 1), of(12, 2)]);
    expect(issued[0]?.statement).toContain("after 6 sums");
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(["held"]);
  });

  it("is broken where the deeper network's blocks give more", () => {
    const before = [4, 8].map((blocks) => residualRun({ blocks, seed: blocks, power: 0.5 }));
    const { verdicts } = followed(residualRun({ blocks: 16, seed: 3, power: 0 }), before);
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(["broken"]);
  });

  it("is out of regime where the stream has other sums than the depth asks for, or is narrow", () => {
    const before = [4, 8].map((blocks) => residualRun({ blocks, seed: blocks }));
    const other = followed(residualRun({ blocks: 16, seed: 3, sums: 2 }), before);
    expect(other.verdicts.map(({ outcome }) => outcome)).toEqual(["out of regime"]);
    const narrow = (blocks: number) => residualRun({ blocks, seed: blocks, width: 12 });
    const { issued, standings } = followed(narrow(16), [narrow(4), narrow(8)]);
    expect(issued).toEqual([]);
    expect(standings[0]?.says).toContain("out of regime: not so that the stream is at least 24 wide");
  });

  it("cannot speak after one other depth, or where blocks begin at zero", () => {
    const still = (blocks: number) =>
      residualRun({ blocks, seed: 1 }).map((record): HistoryRecord =>
        record.t === "vector" ? { ...record, values: record.values.map(() => 1) } : record,
      );
    for (const before of [[residualRun({ blocks: 4, seed: 1 })], [still(4), still(8)]]) {
      expect(followed(residualRun({ blocks: 16, seed: 3 }), before).standings[0]?.says).toContain(
        "cannot speak: needs 2 earlier runs",
      );
    }
  });
});
