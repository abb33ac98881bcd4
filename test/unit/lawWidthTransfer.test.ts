import { beforeAll, describe, expect, it } from "vitest";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { widthTransferLaw } from "../../src/theory/hyperparameters/widthTransferLaw.ts";
import { grownNetwork, maximalUpdates, oneRate } from "./streams/grownNetworks.ts";
import { endedView } from "./streams/sameStart.ts";
import { follow } from "./theoryStreams.ts";

const steps = 410;

function followed(records: readonly HistoryRecord[], before: readonly HistoryRecord[]) {
  const seen = follow(records, [widthTransferLaw], [endedView(before)]);
  expect(seen.refusals).toEqual([]);
  return seen;
}

function outcomes(records: readonly HistoryRecord[], before: readonly HistoryRecord[]) {
  return followed(records, before).verdicts.map(({ outcome }) => outcome);
}

function trained(width: number, seed: number, rate = 0.0007) {
  return grownNetwork({ width, seed, steps, rate, change: maximalUpdates(width) });
}

function withLoss(records: readonly HistoryRecord[], of: (loss: number, step: number) => number) {
  return records.map((record) =>
    record.t === "step"
      ? { ...record, values: { "loss/train": of(record.values["loss/train"] ?? NaN, record.step) } }
      : record,
  );
}

describe("the law of transfer across widths", () => {
  let [narrow, wide]: HistoryRecord[][] = [[], []];
  beforeAll(() => {
    narrow = trained(64, 1);
    wide = trained(96, 2);
  }, 60_000);

  it("forecasts the loss of a wider network, and of a narrower one, in the maximal-update parametrization", () => {
    for (const [now, before] of [
      [wide ?? [], narrow ?? []],
      [narrow ?? [], wide ?? []],
    ] as const) {
      const { issued, verdicts } = followed(now, before);
      expect(issued.length).toBeGreaterThanOrEqual(2);
      expect(Math.max(...issued.map(({ issuedAt }) => issuedAt))).toBeLessThan(8);
      expect(new Set(verdicts.map(({ outcome }) => outcome))).toEqual(new Set(["held"]));
    }
  });

  it("is broken by a wider network that is worse", () => {
    const worse = withLoss(wide ?? [], (loss, step) => (step < 40 ? loss : 1.6 * loss));
    expect(outcomes(worse, narrow ?? [])).toContain("broken");
  });

  it("is out of regime where one rate is used for all matrices, and says which layer changes too much", () => {
    const standard = grownNetwork({ width: 128, seed: 2, steps: 12, rate: 0.0007, change: oneRate(128) });
    const { issued, standings } = followed(standard, narrow ?? []);
    expect(issued).toEqual([]);
    expect(standings[0]?.says).toMatch(/out of regime: not so that updates of all layers .*layer1/);
  });

  it("is out of regime below 48 units, and cannot speak of another depth, batch or task", () => {
    const small = grownNetwork({ width: 32, seed: 1, steps: 60, rate: 0.0007, change: maximalUpdates(32) });
    expect(followed(wide?.slice(0, 40) ?? [], small).standings[0]?.says).toContain(
      "at least 48 units wide (the narrowest has 32)",
    );
    const deeper = grownNetwork({ width: 64, depth: 2, seed: 1, steps: 20, rate: 0.0007, change: maximalUpdates(64) });
    const other = (wide ?? []).map((record) => (record.t === "data" ? { ...record, batch: 6 } : record));
    for (const [now, before] of [
      [deeper, narrow ?? []],
      [other.slice(0, 40), narrow ?? []],
      [narrow?.slice(0, 40) ?? [], narrow ?? []],
    ] as const) {
      expect(followed(now, before).standings[0]?.says).toContain("cannot speak: needs an earlier run to its end");
    }
  });
});

describe("updates relative to their matrices", () => {
  it("go as 1/√width between layers that grow, and stay next to the data, in the maximal-update parametrization", () => {
    const first = (width: number) => {
      const records = grownNetwork({ width, seed: 7, steps: 1, rate: 0.002, change: maximalUpdates(width) });
      return [0, 1].map(
        (layer) =>
          records.flatMap((record) =>
            record.t === "measure" ? (record.values[`update/relative@layer${layer}`] ?? []) : [],
          )[0] ?? NaN,
      );
    };
    const [narrow, wide] = [first(64), first(256)];
    // Norms of fresh matrices scatter by 1/√(2·512) where there are fewest weights.
    expect((wide[0] ?? NaN) / (narrow[0] ?? NaN)).toBeCloseTo(1, 1);
    expect((wide[1] ?? NaN) / (narrow[1] ?? NaN)).toBeCloseTo(0.5, 1);
  });
});
