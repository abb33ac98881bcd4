import { describe, expect, it } from "vitest";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { linearConnectivity } from "../../src/theory/universality/linearConnectivity.ts";
import { forkedRun, type ForkedRun } from "./streams/forkedRun.ts";
import { endedRun } from "./streams/sameStart.ts";
import { follow } from "./theoryStreams.ts";

const base = forkedRun({});

function fork(setting: ForkedRun): readonly HistoryRecord[] {
  return forkedRun({ others: [{ name: "first", weights: base.weights }], ...setting }).records;
}

const [early, late] = [fork({ after: 40, order: 1 }), fork({ after: 90, order: 2 })];

/** With the first run and a fork of it before it. */
function followed(records: readonly HistoryRecord[], before = early) {
  const seen = follow(records, [linearConnectivity], [endedRun("first", base.records), endedRun("second", before)]);
  expect(seen.refusals).toEqual([]);
  return seen;
}

/** The same records with another barrier at the end. */
function withBarrier(records: readonly HistoryRecord[], barrier: number): readonly HistoryRecord[] {
  return records.map((record) =>
    record.t === "measure" && record.step > 0
      ? { ...record, values: { "connectivity/barrier@first": barrier } }
      : record,
  );
}

const says = (seen: ReturnType<typeof followed>) => seen.standings[0]?.says ?? "";
/** Three classes: what a classifier that knows nothing loses, of which 2 % count as a barrier. */
const chance = Math.log(3);

describe("the law of linear mode connectivity", () => {
  it("tells of a fork, as soon as the losses differ, that it can be averaged where an earlier one could", () => {
    const { issued, verdicts } = followed(late);
    expect(issued).toMatchObject([{ observable: "connectivity/barrier@first", low: 0, isBound: true }]);
    expect(issued[0]?.issuedAt).toBeGreaterThanOrEqual(90);
    // Well before the runs end.
    expect(issued[0]?.issuedAt).toBeLessThan(150);
    // What a fresh network loses on one batch is not quite that.
    expect((issued[0]?.high ?? NaN) / (0.02 * chance)).toBeGreaterThan(0.7);
    expect((issued[0]?.high ?? NaN) / (0.02 * chance)).toBeLessThan(1.5);
    expect(issued[0]?.statement).toContain("was one with first for 90 steps, and a fork after 40");
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(["held"]);
  });

  it("is broken by a barrier", () => {
    const { verdicts } = followed(withBarrier(late, 0.04 * chance));
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(["broken"]);
  });

  it("is silent while the runs are still one, and of a run that never parts", () => {
    const { issued, standings } = followed(fork({ others: [] }));
    expect(issued).toEqual([]);
    expect(standings[0]?.says).toContain("cannot speak: needs an earlier run to its end");
  });

  it("does not conclude from a later fork, from one that was hardly stable, or from an unstable one, to an earlier", () => {
    expect(says(followed(early, late))).toContain("cannot speak: needs another such fork");
    expect(says(followed(late, withBarrier(early, 0.015 * chance)))).toContain("cannot speak: needs another");
    expect(says(followed(late, withBarrier(early, 0.5)))).toContain("cannot speak: needs another");
  });

  it("takes no run for a fork that began elsewhere or is set up otherwise", () => {
    for (const setting of [{ seed: 2 }, { rate: 0.2 }]) {
      expect(says(followed(fork({ after: 90, order: 2, ...setting })))).toContain("cannot speak: needs an earlier run");
    }
  });

  it("is out of regime for a squared error, for full batches, and where the run is stopped early", () => {
    for (const [t, more] of [
      ["objective", { kind: "meanSquaredError" }],
      ["data", { fullBatch: true }],
    ] as const) {
      const other = (records: readonly HistoryRecord[]) =>
        records.map((record): HistoryRecord => (record.t === t ? { ...record, ...more } : record));
      const earlier = [endedRun("first", other(base.records)), endedRun("second", other(early))];
      const { issued, standings } = follow(other(late), [linearConnectivity], earlier);
      expect(issued).toEqual([]);
      expect(standings[0]?.regime?.status).toBe("outside");
    }
    const stopped = fork({ after: 90, order: 2, steps: 150 });
    expect(followed(stopped).verdicts.map(({ outcome }) => outcome)).toEqual(["out of regime"]);
  });

  it("is unresolved where no barrier was measured", () => {
    const { verdicts } = followed(fork({ after: 90, order: 2, others: [] }));
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(["unresolved"]);
  });
});
