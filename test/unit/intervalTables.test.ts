import { expect, it } from "vitest";
import { intervalRow, intervalRows, intervalTables, type Calibrated } from "../../scripts/almanac/intervalTables.ts";
import type { LedgerRow } from "../../src/run/runRows.ts";
import { centralFlow } from "../../src/theory/empirical/centralFlow.ts";
import { edgeOfStability } from "../../src/theory/empirical/edgeOfStability.ts";
import { timeToEdge } from "../../src/theory/empirical/timeToEdge.ts";
import { ledgerRow as row } from "./ledgerRows.ts";

const [edge, time, flow] = [edgeOfStability, timeToEdge, centralFlow];

function rowOf(ledger: readonly LedgerRow[], law: Calibrated["law"] = edge): readonly string[] {
  return intervalRow({ law, draws: 5, ledger });
}

it("counts intervals and bounds apart, and tells where the errors lie", () => {
  const ledger = [row("held", -0.5), row("held", 0), row("broken", 2), row("unresolved", NaN)];
  const bounds = [row("held", 0.9, { isBound: true })];
  const cells = ["L18 Edge of stability", "5", "2 of 3", "67 %", "-0.40, 0.00, 1.60", "1 of 1"];
  expect(rowOf([...ledger, ...bounds])).toEqual(cells);
});

it("lets each law of an area count alike, but for those without an interval that was decided", () => {
  const always = rowOf(Array.from({ length: 9 }, () => row("held", 0)));
  const never = rowOf([row("broken", 3, { law: time.id })], time);
  const silent = rowOf([row("held", 0.5, { law: flow.id, isBound: true })], flow);
  const text = intervalTables([silent, never, always]);
  expect(text).toContain("| empirical | 2 | 50 % |");
  // In the order of the catalogue, and as they can be read again.
  expect(intervalRows(text)).toEqual([always, never, silent]);
});
