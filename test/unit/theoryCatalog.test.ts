import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { catalog } from "../../src/theory/catalog.ts";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { RunHistory } from "../../src/theory/history.ts";
import type { Law } from "../../src/theory/law.ts";
import { isObservationPoint, Ledger } from "../../src/theory/ledger.ts";
import { lawRuns, type LawRun } from "./lawRuns.ts";
import { everyday } from "./streams/everyday.ts";
import { follow } from "./theoryStreams.ts";

const anyNumber = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
  fc.constantFrom(0, NaN, Infinity, -Infinity, 1e300),
);

/** The run with the numbers of some of its records replaced; `keep` decides which stay. */
function scrambled(
  records: readonly HistoryRecord[],
  noise: readonly number[],
  keep: (record: HistoryRecord & { readonly step: number }) => boolean,
): HistoryRecord[] {
  let drawn = 0;
  const draw = (value: number) => noise[drawn++ % noise.length] ?? value;
  return records.map((record): HistoryRecord => {
    if ((record.t !== "step" && record.t !== "measure" && record.t !== "vector") || keep(record)) return record;
    if (record.t === "vector") return { ...record, values: record.values.map(draw) };
    const values = Object.entries(record.values).map(([name, value]) => [name, draw(value)] as const);
    return { ...record, values: Object.fromEntries(values) };
  });
}

describe("the catalogue", () => {
  it("names every law once, with a number, a title and whom it comes from, and each has a run to be tested on", () => {
    expect(new Set(catalog.map(({ id }) => id)).size).toBe(catalog.length);
    for (const law of catalog) {
      expect(law.id).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(law.number).toMatch(/^L\d\d$/);
      expect(law.references.length).toBeGreaterThan(0);
    }
    expect(Object.keys(lawRuns).toSorted()).toEqual(catalog.map(({ id }) => id).toSorted());
  });

  it("forecasts in proportion, and scores alike, when sharpness and 1/η are scaled together", () => {
    // Powers of two change no rounding.
    const [one, four] = [follow(everyday()), follow(everyday(4))];
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

describe.each(catalog.map((law) => [law.id, law] as const))("the law %s", (id, law) => {
  const { records: whole, earlier = [] }: LawRun = lawRuns[id]?.() ?? { records: [] };
  const followed = (records: readonly HistoryRecord[], laws: readonly Law[] = [law]) => follow(records, laws, earlier);

  it("speaks on its run, is scored, and is refused nothing", () => {
    const { issued, verdicts, refusals } = followed(whole);
    expect(issued.length).toBeGreaterThan(0);
    expect(refusals).toEqual([]);
    expect(verdicts).toHaveLength(issued.length);
    expect(new Set(issued.map((made) => made.id)).size).toBe(issued.length);
    expect(verdicts.some(({ outcome }) => outcome === "held" || outcome === "broken")).toBe(true);
  });

  it("issues the same forecasts whatever comes after the step of issue", () => {
    const upTo = (records: readonly HistoryRecord[], step: number) =>
      followed(records).issued.filter(({ issuedAt }) => issuedAt <= step);
    const steps = [...new Set(followed(whole).issued.map(({ issuedAt }) => issuedAt))];
    fc.assert(
      fc.property(fc.constantFrom(...steps), fc.array(anyNumber, { minLength: 5, maxLength: 30 }), (step, noise) => {
        const other = scrambled(whole, noise, (record) => record.step <= step);
        expect(upTo(other, step)).toEqual(upTo(whole, step));
      }),
      { numRuns: 10 },
    );
  });

  it("issues nothing that was not yet to be seen where the run is cut off", () => {
    const all = followed(whole).issued;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: whole.length - 1 }), (cut) => {
        const { issued } = followed(whole.slice(0, cut));
        expect(all.slice(0, issued.length)).toEqual(issued);
      }),
      { numRuns: 8 },
    );
  });

  it("never is refused and never throws, whatever numbers a run holds, and whichever records it lacks", () => {
    fc.assert(
      fc.property(
        fc.array(anyNumber, { minLength: 20, maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 2, max: 30 }),
        (noise, every, missing) => {
          let index = 0;
          const other = scrambled(whole, noise, () => index++ % every !== 0);
          const { refusals, issued, verdicts } = followed(other.filter((_, at) => at % missing !== 1 || at < 5));
          expect(refusals).toEqual([]);
          expect(verdicts.length).toBeLessThanOrEqual(issued.length);
        },
      ),
      { numRuns: 12 },
    );
  });

  it("says why it cannot speak, or says nothing, on a run that says almost nothing", () => {
    const opening = whole.slice(
      0,
      Math.max(
        1,
        whole.findIndex(({ t }) => t === "step" || t === "measure"),
      ),
    );
    const constant = scrambled(whole, [1], () => false);
    const brief = [...whole.filter((record) => record.t !== "end" && (!("step" in record) || record.step < 3))];
    for (const records of [[{ t: "begin" } as const], opening, constant, brief, scrambled(whole, [NaN], () => false)]) {
      const { refusals, standings } = followed(records);
      expect(refusals).toEqual([]);
      expect(standings[0]?.says).toMatch(/^(cannot speak: needs|out of regime: |in its regime|speaking)/);
    }
  });

  it("says the same however the records are batched, and whether or not the ledger was restored between batches", () => {
    const { issued, verdicts } = followed(whole);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 12 }), (sizes) => {
        const history = new RunHistory("a run", () => earlier);
        let ledger = new Ledger([law]);
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
          ledger = new Ledger([law]);
          ledger.restore(issuedHere, verdictsHere);
          start = end;
        }
        expect(issuedHere).toEqual(issued);
        expect(verdictsHere).toEqual(verdicts);
      }),
      { numRuns: 6 },
    );
  });
});
