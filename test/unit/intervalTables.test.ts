import { expect, it } from "vitest";
import { intervalTables, type Calibrated } from "../../scripts/almanac/intervalTables.ts";
import type { LedgerRow } from "../../src/run/runRows.ts";
import type { Forecast, Law, Outcome } from "../../src/theory/law.ts";

const law: Law = {
  id: "a",
  number: "L00",
  area: "limits",
  title: "A law",
  statement: "",
  references: [],
  needs: [],
  regime: () => ({ status: "inside", checks: [] }),
  forecast: () => [],
  score: () => undefined,
};

const forecast: Forecast = {
  id: "f",
  law: "a",
  subject: "",
  observable: "loss/train",
  statistic: "value",
  issuedAt: 0,
  from: 1,
  to: 2,
  low: 0,
  central: 1,
  high: 2,
  baselines: [],
  assumptions: [],
  statement: "",
};

function row(outcome: Outcome, error: number, more: Partial<Forecast> = {}): LedgerRow {
  return {
    lawTitle: "A law",
    lawNumber: "L00",
    forecast: { ...forecast, ...more },
    verdict: { forecast: "f", outcome, scoredAt: 2, measured: 1, error, skill: NaN, reason: "" },
  };
}

function tablesOf(...all: readonly Partial<Calibrated>[]): readonly string[] {
  return intervalTables(all.map((each) => ({ law, draws: 5, ledger: [], ...each }))).split("\n");
}

it("counts intervals and bounds apart, and tells where the errors lie", () => {
  const ledger = [
    row("held", -0.5),
    row("held", 0),
    row("broken", 2),
    row("unresolved", NaN),
    row("held", 0.9, { isBound: true }),
  ];
  expect(tablesOf({ ledger }).at(-1)).toBe("| L00 A law | 5 | 2 of 3 | 67 % | -0.40, 0.00, 1.60 | 1 of 1 |");
});

it("lets each law of an area count alike, but for those without an interval that was decided", () => {
  const always = { law: { ...law, id: "b" }, ledger: Array.from({ length: 9 }, () => row("held", 0, { law: "b" })) };
  const never = { ledger: [row("broken", 3)] };
  const silent = { law: { ...law, id: "c" }, ledger: [row("held", 0.5, { law: "c", isBound: true })] };
  expect(tablesOf(always, never, silent)[2]).toBe("| limits | 2 | 50 % |");
});
