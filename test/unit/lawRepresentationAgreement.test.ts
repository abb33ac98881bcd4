import { describe, expect, it } from "vitest";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { agreementOf, calibrated, neighbourhoodsOf } from "../../src/theory/universality/neighbourhoods.ts";
import { representationAgreement } from "../../src/theory/universality/representationAgreement.ts";
import { correlationAt, correlationOf, noiseOf, shareOf } from "../../src/theory/universality/widthNoise.ts";
import { gaussians } from "../oracle/tinyNetwork.ts";
import { gaussianRows, neighboursOf } from "./streams/neighbours.ts";
import { representedRun } from "./streams/representedRun.ts";
import { endedView } from "./streams/sameStart.ts";
import { follow } from "./theoryStreams.ts";

const k = 10;

function numbered(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, index) => from + 3 * index);
}

function neighbourhoods(rows: readonly (readonly number[])[], examples = numbered(rows.length)) {
  const found = neighbourhoodsOf(examples, neighboursOf(rows, k).flat());
  if (found === undefined) throw new Error("These are no neighbourhoods.");
  return found;
}

describe("agreement of neighbourhoods", () => {
  it("is k/(n − 1) for independent Gaussians, whatever their dimension, and seldom above its critical value", () => {
    let [share, above] = [0, 0];
    const draws = 40;
    for (let draw = 0; draw < draws; draw++) {
      const found = agreementOf(
        neighbourhoods(gaussianRows(80, 16, 2 * draw + 1)),
        neighbourhoods(gaussianRows(80, 512, 2 * draw + 2)),
      );
      expect(found?.chance).toBeCloseTo(k / 79, 12);
      share += (found?.share ?? NaN) / draws;
      if ((found?.share ?? NaN) > (found?.critical ?? NaN)) above++;
    }
    // 40 draws of 800 neighbours, of which an eighth are common: a standard error of 0.002, more where some are near to many.
    expect(Math.abs(share - k / 79)).toBeLessThan(0.01);
    // Expected are 2 of 40; 7 or more would be seen once in 300 times.
    expect(above).toBeLessThan(7);
  });

  it("is one, calibrated, with the same representation turned and scaled", () => {
    const rows = gaussianRows(70, 6, 3);
    const turned = rows.map((row) => row.map((_, column) => 5 * (row[(column + 2) % 6] ?? NaN)));
    const found = agreementOf(neighbourhoods(rows), neighbourhoods(turned));
    expect(found?.share).toBe(1);
    expect(found === undefined ? NaN : calibrated(found)).toBe(1);
  });

  it("is that of the examples that both have, in whatever order", () => {
    const [one, other] = [gaussianRows(100, 5, 4), gaussianRows(100, 5, 4)];
    other.forEach((row) => {
      row[0] = (row[0] ?? NaN) * 1.5;
    });
    // The first has examples 0 to 79, the second 20 to 99, the last of them first.
    const first = neighbourhoods(one.slice(0, 80), numbered(80));
    const second = neighbourhoods(other.slice(20).toReversed(), numbered(80, 60).toReversed());
    const found = agreementOf(first, second);
    const [here, there] = [one, other].map((rows) => neighboursOf(rows.slice(20, 80), 59));
    // By definition: of each the m nearest among the shared, where both lists reach so far.
    let [common, all] = [0, 0];
    for (let example = 0; example < 60; example++) {
      const lengths = [neighboursOf(one.slice(0, 80), k)[example + 20], neighboursOf(other.slice(20), k)[example]].map(
        (list, which) => list?.filter((place) => (which === 0 ? place >= 20 : place < 60)).length ?? 0,
      );
      const m = Math.min(...lengths);
      const near = new Set(here?.[example]?.slice(0, m));
      common += (there?.[example] ?? []).slice(0, m).filter((place) => near.has(place)).length;
      all += m;
    }
    expect(found?.shared).toBe(60);
    expect(found?.share).toBeCloseTo(common / all, 12);
  });

  it("is unknown where a list is none of places, or nothing is shared", () => {
    expect(neighbourhoodsOf([1, 2, 3], [1, 2, 0, 2, 0])).toBeUndefined();
    expect(neighbourhoodsOf([1, 2, 3], [1, 2, 3])).toBeUndefined();
    expect(neighbourhoodsOf([1, 1, 3], [1, 2, 0])).toBeUndefined();
    const rows = gaussianRows(30, 4, 5);
    expect(agreementOf(neighbourhoods(rows), neighbourhoods(rows, numbered(30, 1)))).toBeUndefined();
  });
});

describe("noise of a width", () => {
  it("makes as much of the nearest common as drawn Gaussian scores of the same correlation", () => {
    const next = gaussians(8);
    const [count, q] = [20_000, 0.08];
    for (const correlation of [0.2, 0.7, 0.95]) {
      const scores = Array.from({ length: count }, () => {
        const [shared, own] = [next(), next()];
        return [shared, correlation * shared + Math.sqrt(1 - correlation ** 2) * own] as const;
      });
      const limits = [0, 1].map(
        (side) => scores.map((each) => each[side] ?? NaN).sort((a, b) => b - a)[q * count] ?? NaN,
      );
      const both = scores.filter((each) => each.every((score, side) => score > (limits[side] ?? NaN))).length;
      // 1600 of the nearest: a standard error of at most 0.013.
      expect(Math.abs(both / (q * count) - shareOf(correlation, q))).toBeLessThan(0.035);
    }
    expect(shareOf(0, q)).toBeCloseTo(q, 9);
    expect(shareOf(1, q)).toBeCloseTo(1, 8);
  });

  it("is found again from the share and the widths", () => {
    for (const [noise, one, other] of [
      [0.5, 1, 1],
      [20, 1, 4],
      [3, 0.25, 2],
    ] as const) {
      const correlation = correlationAt(noise, one, other);
      expect(noiseOf(correlationOf(shareOf(correlation, 0.1), 0.1), one, other) / noise).toBeCloseTo(1, 6);
    }
    expect(correlationOf(0.05, 0.1)).toBeNaN();
  });
});

const steps = 160;

function followed(records: readonly HistoryRecord[], before: readonly (readonly HistoryRecord[])[]) {
  const seen = follow(records, [representationAgreement], before.map(endedView));
  expect(seen.refusals).toEqual([]);
  return seen;
}

/** Each is trained once. */
const runs = new Map<string, readonly HistoryRecord[]>();

function trained(width: number, seed: number, more: { readonly data?: number; readonly steps?: number } = {}) {
  const setting = { width, seed, steps, ...more };
  const key = JSON.stringify(setting);
  const records = runs.get(key) ?? representedRun(setting);
  runs.set(key, records);
  return records;
}

describe("the law of agreeing representations", () => {
  it("tells from two networks how far a third agrees, and that a wider one agrees more", { timeout: 60_000 }, () => {
    const before = [trained(32, 1), trained(32, 2)];
    const [same, wider] = [trained(32, 3), trained(96, 4)].map((records) => followed(records, before));
    for (const seen of [same, wider]) {
      expect(seen?.issued.map(({ subject }) => subject)).toEqual(["layer0", "layer1"]);
      expect(seen?.verdicts.map(({ outcome }) => outcome)).toEqual(["held", "held"]);
    }
    for (const layer of [0, 1]) {
      expect(wider?.issued[layer]?.central).toBeGreaterThan(same?.issued[layer]?.central ?? NaN);
      expect(wider?.verdicts[layer]?.measured).toBeGreaterThan(same?.verdicts[layer]?.measured ?? NaN);
    }
  });

  it("is broken by a network whose neighbours are anybody's", () => {
    const records = trained(32, 3).map((record): HistoryRecord => {
      if (record.t !== "vector" || !record.name.startsWith("representation/neighbours") || record.step < 100)
        return record;
      return { ...record, values: neighboursOf(gaussianRows(96, 8, 6), k).flat() };
    });
    const { verdicts } = followed(records, [trained(32, 1), trained(32, 2)]);
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(["broken", "broken"]);
  });

  it("does not take a run that began at the same weights for evidence", () => {
    const { issued, standings } = followed(trained(32, 2), [trained(32, 1), trained(32, 2)]);
    expect(issued).toEqual([]);
    expect(standings[0]?.says).toContain("cannot speak: needs 2 earlier runs");
    expect(standings[0]?.says).toContain("that began at other weights");
  });

  it("cannot speak on other examples, after one run, or after runs of another length", () => {
    for (const before of [
      [trained(32, 1, { data: 5 }), trained(32, 2, { data: 5 })],
      [trained(32, 1)],
      [trained(32, 1), trained(32, 2, { steps: 60 })],
    ]) {
      expect(followed(trained(32, 3), before).standings[0]?.says).toContain("cannot speak: needs 2 earlier runs");
    }
  });

  it("is out of regime where the run is stopped early", () => {
    const { verdicts } = followed(trained(32, 3, { steps: 110 }), [trained(32, 1), trained(32, 2)]);
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(["out of regime", "out of regime"]);
  });
});
