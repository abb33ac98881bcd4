import { describe, expect, it } from "vitest";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { neuralCollapse } from "../../src/theory/universality/neuralCollapse.ts";
import { freeFeatures } from "./streams/freeFeatures.ts";
import { follow, measured, opening, stepped } from "./theoryStreams.ts";

function followed(records: readonly HistoryRecord[]) {
  const seen = follow(records, [neuralCollapse]);
  expect(seen.refusals).toEqual([]);
  return seen;
}

function outcomes(records: readonly HistoryRecord[], name: string) {
  const { verdicts } = followed(records);
  return verdicts.filter(({ forecast }) => forecast.includes(`/${name} `)).map(({ outcome }) => outcome);
}

/** A classifier whose measures follow a rule, measured every 5 steps with a loss that says that there are no errors. */
function told(nc1: (step: number) => number, loss: (step: number) => number = () => 1e-3): HistoryRecord[] {
  const records: HistoryRecord[] = opening({ objective: { kind: "crossEntropy", classes: 3 } });
  for (let step = 0; step < 400; step++) {
    records.push(stepped(step, loss(step)));
    if (step % 5 === 0) records.push(measured(step, { "loss/probe": loss(step), "collapse/nc1": nc1(step) }));
  }
  return [...records, { t: "end", step: 400, how: "finished" }];
}

describe("after the last error", () => {
  it("free features under cross-entropy and decay collapse, as theory proves, and each doubling is forecast and held", () => {
    const records = freeFeatures();
    const { issued, verdicts } = followed(records);
    const first = issued[0];
    // ln 2 of loss an error: 1 % of errors may be there at a loss of 0.0069.
    const before = records.find((record) => record.t === "step" && record.step === first?.issuedAt);
    expect(before?.t === "step" && before.values["loss/train"]).toBeLessThan(0.0069);
    for (const name of ["nc1", "nc2", "nc4"]) {
      const some = outcomes(records, name).filter((outcome) => outcome !== "unresolved");
      expect(some.length).toBeGreaterThan(0);
      expect(new Set(some)).toEqual(new Set(["held"]));
    }
    expect(verdicts.filter(({ outcome }) => outcome === "held").length).toBeGreaterThanOrEqual(6);
  });

  it("each forecast is about twice the step, from measurements then at hand", () => {
    for (const { issuedAt, from, to, high, low } of followed(freeFeatures()).issued) {
      expect([from, to]).toEqual([Math.ceil(1.5 * issuedAt), 2 * issuedAt]);
      expect(low).toBe(0);
      expect(high).toBeGreaterThan(0);
    }
  });

  it("features that are not trained do not collapse, and the law is broken", () => {
    const { verdicts } = followed(freeFeatures({ frozen: true, features: 24, steps: 1000 }));
    const ofNc1 = verdicts.filter(({ forecast, outcome }) => forecast.includes("/nc1 ") && outcome !== "unresolved");
    expect(ofNc1.length).toBeGreaterThan(0);
    expect(new Set(ofNc1.map(({ outcome }) => outcome))).toEqual(new Set(["broken"]));
    expect(
      outcomes(
        told((step) => 0.1 * (1 + step / 100)),
        "nc1",
      ).slice(0, 3),
    ).toEqual(["broken", "broken", "broken"]);
  });

  it("it says nothing before, and what it said is out of regime where errors come back", () => {
    const { issued, standings } = followed(
      told(
        () => 0.1,
        () => 0.5,
      ),
    );
    expect(issued).toEqual([]);
    expect(standings[0]?.says).toContain("out of regime: not so that at most 1 % of the examples");
    const late = told(
      (step) => 1 / (1 + step),
      (step) => (step < 100 ? 1e-3 : 0.5),
    );
    expect(outcomes(late, "nc1")).toContain("out of regime");
  });

  it("more classes than a simplex of the features has room for are out of regime", () => {
    const { standings, issued } = followed(freeFeatures({ classes: 6, features: 3, steps: 200 }));
    expect(issued).toEqual([]);
    expect(standings[0]?.says).toContain("one class more than features");
  });

  it("a squared error is out of regime", () => {
    const [begin, , ...rest] = told(() => 0.1);
    const other: HistoryRecord[] = [
      ...(begin === undefined ? [] : [begin]),
      { t: "objective", step: 0, kind: "meanSquaredError", reduction: "mean", regularized: false },
      ...rest,
    ];
    expect(followed(other).standings[0]?.says).toContain("cross-entropy");
  });
});
