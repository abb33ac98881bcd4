import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { catalog } from "../../src/theory/catalog.ts";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { RunHistory } from "../../src/theory/history.ts";
import { isObservationPoint, Ledger } from "../../src/theory/ledger.ts";
import { follow, measured, opening, stepped } from "./theoryStreams.ts";

const steps = 1500;

/** A run on which every law of the catalogue speaks: a cross-entropy, plain gradient descent, one pair of layers. */
function run(scale = 1): HistoryRecord[] {
  const setting = { objective: { kind: "crossEntropy", classes: 10 }, group: { learningRate: 0.1 / scale } } as const;
  const records: HistoryRecord[] = [...opening(setting), measured(0, { "logit/variance": 0.1, "logit/max": 1 })];
  for (let step = 0; step < steps; step++) {
    records.push(stepped(step, 1 + 1.35 / (1 + step)));
    if (step % 15 === 0) records.push(measured(step, measurements(step, scale)));
  }
  return [...records, { t: "end", step: steps, how: "finished" }];
}

function measurements(step: number, scale: number): Record<string, number> {
  return {
    "sharpness/batch": scale * Math.min(4 + 16 * (step / 700) ** 1.2, 20.2 + Math.sin(step)),
    "balance/defect@a→b": 3 + Math.cos(step) / 1000,
    "balance/drift@a→b": 1e-4,
    "balance/residual@a→b": 1e-8 * (1 + Math.sin(step) ** 2),
    "balance/gradient@a→b": 0.02,
  };
}

/** The forecasts issued at `step` or before. */
function issuedUpTo(records: readonly HistoryRecord[], step: number) {
  return follow(records).issued.filter(({ issuedAt }) => issuedAt <= step);
}

const anyNumber = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
  fc.constantFrom(0, NaN, Infinity, -Infinity, 1e300),
);

describe("the catalogue", () => {
  it("speaks on this run with every law, and the ledger refuses nothing", () => {
    const { issued, verdicts, refusals } = follow(run());
    expect(new Set(issued.map(({ law }) => law))).toEqual(new Set(catalog.map(({ id }) => id)));
    expect(refusals).toEqual([]);
    expect(verdicts).toHaveLength(issued.length);
    expect(new Set(issued.map(({ id }) => id)).size).toBe(issued.length);
  });

  it("names every law once, with a number, a title and whom it comes from", () => {
    expect(new Set(catalog.map(({ id }) => id)).size).toBe(catalog.length);
    for (const law of catalog) {
      expect(law.id).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(law.number).toMatch(/^L\d\d$/);
      expect(law.references.length).toBeGreaterThan(0);
    }
  });

  it("issues the same forecasts whatever comes after the step of issue", () => {
    const whole = run();
    const steps = [...new Set(follow(whole).issued.map(({ issuedAt }) => issuedAt))];
    fc.assert(
      fc.property(fc.constantFrom(...steps), fc.array(anyNumber, { minLength: 5, maxLength: 30 }), (step, noise) => {
        let drawn = 0;
        const draw = () => noise[drawn++ % noise.length] ?? 0;
        const scrambled = whole.map((record): HistoryRecord => {
          if ((record.t !== "step" && record.t !== "measure") || record.step <= step) return record;
          return { ...record, values: Object.fromEntries(Object.keys(record.values).map((name) => [name, draw()])) };
        });
        expect(issuedUpTo(scrambled, step)).toEqual(issuedUpTo(whole, step));
      }),
      { numRuns: 25 },
    );
  });

  it("issues nothing that was not yet to be seen where the run is cut off", () => {
    const whole = run();
    fc.assert(
      fc.property(fc.integer({ min: 1, max: whole.length - 1 }), (cut) => {
        const { issued } = follow(whole.slice(0, cut));
        expect(follow(whole).issued.slice(0, issued.length)).toEqual(issued);
      }),
      { numRuns: 15 },
    );
  });

  it("never is refused and never throws, whatever numbers a run holds", () => {
    fc.assert(
      fc.property(fc.array(anyNumber, { minLength: 20, maxLength: 60 }), (noise) => {
        let drawn = 0;
        const records = run().map((record): HistoryRecord => {
          if (record.t !== "step" && record.t !== "measure") return record;
          const values = Object.entries(record.values).map(([name, value]) => {
            const replaced = drawn++ % 7 === 0 ? (noise[drawn % noise.length] ?? 0) : value;
            return [name, replaced] as const;
          });
          return { ...record, values: Object.fromEntries(values) };
        });
        const { refusals, issued, verdicts } = follow(records);
        expect(refusals).toEqual([]);
        expect(verdicts).toHaveLength(issued.length);
      }),
      { numRuns: 40 },
    );
  });

  it("says the same however the records are batched, and whether or not the ledger was restored between batches", () => {
    const whole = run();
    const { issued, verdicts } = follow(whole);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 12 }), (sizes) => {
        const history = new RunHistory("a run");
        let ledger = new Ledger(catalog);
        const [issuedHere, verdictsHere]: [(typeof issued)[number][], (typeof verdicts)[number][]] = [[], []];
        for (let start = 0, batch = 0; start < whole.length; batch++) {
          const end = start + (sizes[batch % sizes.length] ?? 1);
          for (const record of whole.slice(start, end)) {
            history.append(record);
            if (!isObservationPoint(record)) continue;
            const seen = ledger.observe(history.view());
            issuedHere.push(...seen.issued);
            verdictsHere.push(...seen.verdicts);
          }
          ledger = new Ledger(catalog);
          ledger.restore(issuedHere, verdictsHere);
          start = end;
        }
        expect(issuedHere).toEqual(issued);
        expect(verdictsHere).toEqual(verdicts);
      }),
      { numRuns: 10 },
    );
  });

  it("forecasts in proportion, and scores alike, when sharpness and 1/η are scaled together", () => {
    // Powers of two change no rounding.
    const [one, four] = [follow(run()), follow(run(4))];
    const edges = [one, four].map(({ issued }) => issued.find(({ law }) => law === "edge-of-stability"));
    expect(edges[1]?.central).toBe(4 * (edges[0]?.central ?? NaN));
    const times = [one, four].map(({ issued }) =>
      issued
        .filter(({ law }) => law === "time-to-edge")
        .map(({ issuedAt, low, central, high }) => [issuedAt, low, central, high]),
    );
    expect(times[1]).toEqual(times[0]);
    const about = ["edge-of-stability", "time-to-edge"];
    const scored = [one, four].map(({ verdicts }) =>
      verdicts
        .filter(({ forecast }) => about.some((law) => forecast.startsWith(law)))
        .map(({ outcome, error, skill }) => [outcome, error, skill]),
    );
    expect(scored[1]).toEqual(scored[0]);
  });
});
