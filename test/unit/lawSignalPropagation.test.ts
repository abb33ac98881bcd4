import { describe, expect, it } from "vitest";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { signalAtInitialization } from "../../src/theory/limits/signalAtInitialization.ts";
import { freshSignals, type FreshSignals } from "./streams/freshSignals.ts";
import { follow } from "./theoryStreams.ts";

function followed(records: readonly HistoryRecord[]) {
  const seen = follow(records, [signalAtInitialization]);
  expect(seen.refusals).toEqual([]);
  return seen;
}

/** Ordered and chaotic networks of several functions, widths and depths. */
const settings: readonly FreshSignals[] = [
  {},
  { activation: "relu", weightVariance: 2, biasVariance: 0 },
  { activation: "relu", weightVariance: 1 / 3, biasVariance: 1 / 600, sizes: [20, 100, 100, 100, 100, 100, 2] },
  { activation: "tanh", weightVariance: 0.774, biasVariance: 0, sizes: [10, 64, 64, 64, 1] },
  { activation: "gelu", weightVariance: 1.5, correlation: 0 },
  { activation: "selu", weightVariance: 1, biasVariance: 0, correlation: 0.9, examples: 48 },
  { activation: "linear", weightVariance: 1, biasVariance: 0.1, sizes: [5, 80, 40, 3], examples: 64 },
  { activation: "silu", weightVariance: 2, sizes: [100, 60, 60, 60, 60, 60, 60, 60, 1] },
];

/** The run with some of its records changed. */
function changed(change: (record: HistoryRecord) => HistoryRecord, setting: FreshSignals = {}): HistoryRecord[] {
  return freshSignals(setting).map(change);
}

/** With some values of measurements changed. */
function valued(records: readonly HistoryRecord[], change: (name: string, value: number) => number): HistoryRecord[] {
  return records.map((record) => {
    if (record.t !== "measure") return record;
    const values = Object.entries(record.values).map(([name, value]) => [name, change(name, value)] as const);
    return { ...record, values: Object.fromEntries(values) };
  });
}

describe("activations and gradients at initialization", () => {
  it("are as the wide network's, of networks drawn at random in float64, four times in five", () => {
    const outcomes = { activation: { held: 0, all: 0 }, gradient: { held: 0, all: 0 } };
    for (const setting of settings) {
      for (const seed of [1, 2, 3]) {
        const { issued, verdicts } = followed(freshSignals({ ...setting, seed }));
        for (const { subject, id } of issued) {
          const counts = subject.startsWith("activation") ? outcomes.activation : outcomes.gradient;
          counts.all++;
          if (verdicts.find(({ forecast }) => forecast === id)?.outcome === "held") counts.held++;
        }
      }
    }
    const { activation, gradient } = outcomes;
    // Layers of one network stray together, so that these are fewer independent cases than forecasts.
    expect(activation.held / activation.all).toBeGreaterThan(0.75);
    expect(gradient.held / gradient.all).toBeGreaterThan(0.75);
    expect(gradient.all).toBeGreaterThan(110);
  });

  it("vanish as 6⁻ᴸ with PyTorch's own initialization of rectifiers, and it is said beforehand", () => {
    const sizes = [50, 300, 300, 300, 300, 300, 300, 3];
    const { issued } = followed(
      freshSignals({ activation: "relu", weightVariance: 1 / 3, biasVariance: 0, sizes, correlation: 0 }),
    );
    const rms = issued.filter(({ subject }) => subject.startsWith("activation")).map(({ central }) => central ** 2);
    rms.slice(1).forEach((square, index) => {
      expect(square / (rms[index] ?? NaN)).toBeCloseTo(1 / 6, 2);
    });
  });

  it("differ where weights are not fresh, and the law is broken", () => {
    // Learned weights of the same size that feed units together: activations twice as large.
    const records = valued(freshSignals(), (name, value) => (name.startsWith("activation/rms") ? 2 * value : value));
    const outcomes = followed(records).verdicts.filter(({ forecast }) => forecast.includes("activation"));
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["broken", "broken", "broken"]);
  });

  it("are not judged by a gradient that was clipped before it was applied", () => {
    const clipped = (record: HistoryRecord): HistoryRecord =>
      record.t === "step" && record.step === 0
        ? {
            ...record,
            values: Object.fromEntries(
              Object.entries(record.values).map(([name, value]) => [
                name,
                name.startsWith("gradient/norm") ? value / 20 : value,
              ]),
            ),
          }
        : record;
    const ratio = (value: number): HistoryRecord => ({
      t: "measure",
      step: 0,
      values: { "gradient/ratio": value },
    });
    const outcomesWith = (value: number) => {
      const records = changed(clipped).flatMap((record) =>
        record.t === "step" && record.step === 0 ? [record, ratio(value)] : [record],
      );
      const { verdicts } = followed(records);
      return new Set(verdicts.flatMap(({ forecast, outcome }) => (forecast.includes("gradient") ? [outcome] : [])));
    };
    expect(outcomesWith(1 / 20)).toEqual(new Set(["out of regime"]));
    expect(outcomesWith(1)).toEqual(new Set(["broken"]));
  });

  it("stay unresolved where they were not measured before the first step", () => {
    const records = changed((record) =>
      record.t === "measure" && "activation/rms@layer0" in record.values ? { ...record, values: { other: 1 } } : record,
    );
    const outcomes = followed(records).verdicts.filter(({ forecast }) => forecast.includes("activation"));
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["unresolved", "unresolved", "unresolved"]);
  });

  it("are not spoken of with normalization, skip connections, narrow layers, weight penalties, or activations that were not seen", () => {
    const asKind = (kind: string) => (record: HistoryRecord) =>
      record.t === "model"
        ? {
            ...record,
            modules: [
              ...record.modules,
              { path: "other", kind, parameterShapes: [], parameters: 0 },
              ...record.modules,
            ],
          }
        : record;
    const unseen = (record: HistoryRecord) =>
      record.t === "model"
        ? {
            ...record,
            modules: record.modules.map(({ path, parameterShapes, parameters }) => ({
              path,
              kind: "Linear",
              parameterShapes,
              parameters,
            })),
          }
        : record;
    const penalized = (record: HistoryRecord) => (record.t === "objective" ? { ...record, regularized: true } : record);
    for (const records of [
      changed(asKind("BatchNormalization")),
      changed(asKind("Add")),
      changed((record) => record, { sizes: [20, 10, 10, 4] }),
      changed(penalized),
      changed(unseen),
    ]) {
      const { issued, standings } = followed(records);
      expect(issued).toEqual([]);
      expect(standings[0]?.says).toContain("out of regime");
    }
  });
});
