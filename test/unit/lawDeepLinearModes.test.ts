import { describe, expect, it } from "vitest";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { deepLinearModes } from "../../src/theory/solvable/deepLinearModes.ts";
import { strengthAfter, timeToStrength } from "../../src/theory/solvable/twoLayerMode.ts";
import { linearNetwork } from "./streams/linearNetwork.ts";
import { follow } from "./theoryStreams.ts";

function followed(records: readonly HistoryRecord[]) {
  const seen = follow(records, [deepLinearModes]);
  expect(seen.refusals).toEqual([]);
  return seen;
}

const signals = [3, 2, 1, 0.5];

describe("a mode of two linear layers", () => {
  it("has the strength that small steps of a and b themselves give", () => {
    for (const [a0, b0] of [
      [0.1, 0.1],
      [0.3, -0.05],
      [-0.2, 0.4],
    ] as const) {
      const [signal, variance] = [1.5, 0.7];
      const mode = { signal, variance, growing: (a0 + b0) ** 2 / 4, shrinking: (a0 - b0) ** 2 / 4 };
      let [a, b] = [a0, b0] as [number, number];
      const h = 1e-4;
      let half = NaN;
      for (let step = 1; step <= 60_000; step++) {
        const pull = signal - variance * a * b;
        [a, b] = [a + h * pull * b, b + h * pull * a];
        // Euler's own error is h times a few.
        if (step % 5000 === 0) expect(strengthAfter(mode, step * h)).toBeCloseTo(a * b, 2);
        if (Number.isNaN(half) && a * b >= signal / variance / 2) half = step * h;
      }
      expect(timeToStrength(mode, signal / variance / 2)).toBeCloseTo(half, 2);
    }
  });

  it("is Saxe's sigmoid where the layers are balanced, with the half-time ln(s/u₀ − 1)/(2s)", () => {
    for (const signal of signals) {
      const u0 = 1e-3;
      const mode = { signal, variance: 1, growing: u0, shrinking: 0 };
      for (const time of [0.1, 1, 3]) {
        const grown = Math.exp(2 * signal * time);
        expect(strengthAfter(mode, time)).toBeCloseTo((signal * grown) / (grown - 1 + signal / u0), 12);
      }
      expect(timeToStrength(mode, signal / 2)).toBeCloseTo(Math.log(signal / u0 - 1) / (2 * signal), 10);
    }
  });
});

describe("the law of deep linear modes", () => {
  it("forecasts the half-times of balanced layers to a hundredth, and the plateaus between them", () => {
    const start = { diagonal: [0.05, 0.05, 0.05, 0.05] };
    const { issued, verdicts } = followed(linearNetwork({ signals, start, rate: 0.01, steps: 2000 }));
    expect(issued.map(({ subject }) => subject).toSorted()).toEqual([
      "loss after mode 2",
      "loss after mode 3",
      "loss after mode 4",
      "mode 1",
      "mode 2",
      "mode 3",
      "mode 4",
    ]);
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(issued.map(() => "held"));
    for (const { subject, central, issuedAt } of issued) {
      const index = Number(subject.slice("mode ".length)) - 1;
      const signal = signals[index];
      if (signal === undefined) continue;
      const expected = Math.log(signal / 0.0025 - 1) / (2 * signal) / 0.01;
      // A step of 0.01 multiplies by 1 + ηs: 1.5 % of a half-time for the strongest.
      expect(Math.abs((central - issuedAt) / expected - 1)).toBeLessThan(0.016);
    }
  });

  it("holds for random layers, of which at least eight in ten forecasts lie in the interval", () => {
    let [held, broken] = [0, 0];
    for (let seed = 1; seed <= 6; seed++) {
      for (const deviation of [0.01, 0.05]) {
        const { verdicts } = followed(
          linearNetwork({ signals, start: { deviation }, width: 16, rate: 0.03, steps: 800, seed }),
        );
        held += verdicts.filter(({ outcome }) => outcome === "held").length;
        broken += verdicts.filter(({ outcome }) => outcome === "broken").length;
      }
    }
    expect(held + broken).toBeGreaterThan(50);
    expect(held / (held + broken)).toBeGreaterThan(0.8);
  });

  it("is broken by a mode that rises at another time, or not at all", () => {
    const records = linearNetwork({ signals, start: { deviation: 0.03 }, width: 16, rate: 0.01, steps: 2500 });
    const lame = records.map((record) =>
      record.t === "measure" && record.step > 0 && "linear/strength@1" in record.values
        ? { ...record, values: { ...record.values, "linear/strength@1": 0.01 } }
        : record,
    );
    const verdict = followed(lame).verdicts.find(({ forecast }) => forecast.includes("/mode 1@"));
    expect(verdict?.outcome).toBe("broken");
  });

  it("does not speak of layers that begin large, long steps, momentum, or three layers", () => {
    const base = { signals, width: 8, rate: 0.01, steps: 20 };
    const says = (records: readonly HistoryRecord[]) => followed(records).standings[0]?.says;
    expect(says(linearNetwork({ ...base, start: { deviation: 0.5 } }))).toContain("begin small");
    expect(says(linearNetwork({ ...base, start: { deviation: 0.01 }, rate: 0.1 }))).toContain("a step is short");
    expect(says(linearNetwork({ ...base, start: { deviation: 0.01 }, momentum: 0.9 }))).toContain("without momentum");
    expect(says(linearNetwork({ ...base, start: { deviation: 0.01 }, layers: 3 }))).toContain("cannot speak");
  });
});
