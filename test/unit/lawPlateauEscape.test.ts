import { describe, expect, it } from "vitest";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { SeriesColumn } from "../../src/theory/series.ts";
import { escape, plateauEscape, stepsToDrop } from "../../src/theory/solvable/plateauEscape.ts";
import { linearNetwork } from "./streams/linearNetwork.ts";
import { smallStart } from "./streams/smallStart.ts";
import { follow, measured, opening } from "./theoryStreams.ts";

function followed(records: readonly HistoryRecord[]) {
  const seen = follow(records, [plateauEscape]);
  expect(seen.refusals).toEqual([]);
  return seen;
}

/** Decided forecasts of many runs. */
function tally(runs: readonly (readonly HistoryRecord[])[]) {
  const all = runs.flatMap((records) => followed(records).verdicts.map(({ outcome }) => outcome));
  return { held: all.filter((each) => each === "held").length, broken: all.filter((each) => each === "broken").length };
}

describe("the growth away from a saddle", () => {
  it.each([1, 1.25, 4 / 3, 1.5])(
    "of exponent %f is read off the gradient, and gives the time to any depth",
    (exponent) => {
      // A′ = k·A^p in steps, ‖g‖² = A′/η, integrated by small steps.
      const [rate, k] = [0.05, 0.05];
      const column = new SeriesColumn();
      const first = 1e-2;
      let fallen = first;
      // Until the gradient has grown fivefold.
      for (let part = 0; fallen < 5 ** (2 / exponent) * first; part++) {
        if (part % 20 === 0) column.push(part / 20, Math.sqrt((k * fallen ** exponent) / rate), 0);
        fallen += (k * fallen ** exponent) / 20;
      }
      const grown = column.prefix(column.length);
      const found = escape(grown, rate);
      expect(found).toBeDefined();
      if (found === undefined) return;
      const last = grown.length - 1;
      const exact = (grown.valueAt(last) ** 2 * rate) / k;
      expect(found.fallen / exact ** (1 / exponent)).toBeGreaterThan(0.93);
      expect(found.fallen / exact ** (1 / exponent)).toBeLessThan(1.07);
      const depth = 30 * found.fallen;
      const now = exact ** (1 / exponent);
      const steps =
        exponent === 1
          ? Math.log(depth / now) / k
          : (now ** (1 - exponent) - depth ** (1 - exponent)) / (k * (exponent - 1));
      expect(stepsToDrop(found, depth) / steps).toBeGreaterThan(0.93);
      expect(stepsToDrop(found, depth) / steps).toBeLessThan(1.07);
    },
  );

  it("is not seen where the gradient shrinks, stands still, or jumps about", () => {
    for (const norm of [(step: number) => 1 / (1 + step), () => 1, (step: number) => 2 + Math.sin(7 * step)]) {
      const column = new SeriesColumn();
      for (let step = 0; step < 200; step++) column.push(step, norm(step), 0);
      expect(escape(column.prefix(200), 0.1)).toBeUndefined();
    }
  });
});

describe("the law of the end of a plateau", () => {
  it("holds of linear networks of two to four layers, most of the time", () => {
    const settings = [
      { layers: 2, deviation: 0.001, steps: 200 },
      { layers: 3, deviation: 0.03, steps: 900 },
      { layers: 4, deviation: 0.08, steps: 1600 },
    ];
    const runs = settings.flatMap(({ deviation, ...setting }) =>
      [1, 2, 3].map((seed) =>
        linearNetwork({ ...setting, signals: [2, 0.8], width: 8, rate: 0.02, seed, every: 10, start: { deviation } }),
      ),
    );
    const { held, broken } = tally(runs);
    expect(held + broken).toBeGreaterThan(8);
    expect(held / (held + broken)).toBeGreaterThanOrEqual(0.7);
  });

  it("holds of tanh networks that begin small, most of the time, and better than a straight line", () => {
    const runs = [1, 2, 3, 4, 5, 6].map((seed) => smallStart({ scale: 0.0005, rate: 0.05, steps: 260, seed }));
    const { held, broken } = tally(runs);
    expect(held + broken).toBeGreaterThanOrEqual(5);
    expect(held / (held + broken)).toBeGreaterThanOrEqual(0.7);
    const skills = runs.flatMap((records) => followed(records).verdicts.map(({ skill }) => skill));
    expect(skills.filter((skill) => skill > 0.5).length).toBeGreaterThan(skills.length / 2);
  });

  it("is broken where the drop does not come", () => {
    const records = smallStart({ scale: 0.0005, rate: 0.05, steps: 600 });
    const first = followed(records).issued[0];
    expect(first).toBeDefined();
    const still = records.map((record) =>
      record.t === "step" && record.step > (first?.issuedAt ?? 0)
        ? { ...record, values: { "loss/train": lossAt(records, first?.issuedAt ?? 0), "gradient/norm": 1e-3 } }
        : record,
    );
    expect(followed(still).verdicts.map(({ outcome }) => outcome)).toContain("broken");
  });

  it("does not speak of momentum, batches, or steps that overshoot, and says nothing of a loss that falls all the time", () => {
    const settings = [{ kind: "momentum", group: { momentum: 0.9 } }, { batch: 8 }] as const;
    const records = smallStart({ scale: 0.0005, rate: 0.05, steps: 260 });
    for (const setting of settings) {
      const { issued, standings } = followed([...opening(setting), ...records.slice(opening().length)]);
      expect(issued).toEqual([]);
      expect(standings[0]?.says).toContain("out of regime");
    }
    const sharp = measured(0, { "sharpness/batch": 1.9 / 0.05 });
    const overshooting = followed([...records.slice(0, opening().length), sharp, ...records.slice(opening().length)]);
    expect(overshooting.issued).toEqual([]);
    expect(overshooting.standings[0]?.says).toContain("η times the sharpness");
    expect(followed(smallStart({ scale: 1, rate: 0.1, steps: 600 })).issued).toEqual([]);
  });
});

function lossAt(records: readonly HistoryRecord[], step: number): number {
  const found = records.find((record) => record.t === "step" && record.step === step);
  return found?.t === "step" ? (found.values["loss/train"] ?? NaN) : NaN;
}
