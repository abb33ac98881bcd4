import type { LedgerRow } from "../../src/run/runRows.ts";
import { edgeOfStability } from "../../src/theory/empirical/edgeOfStability.ts";
import type { Forecast, Outcome } from "../../src/theory/law.ts";

const forecast: Forecast = {
  id: "f",
  law: edgeOfStability.id,
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

/** Of the edge of stability, so scored. `error` is that of the forecast, in half-widths of its interval. */
export function ledgerRow(outcome: Outcome, error: number, more: Partial<Forecast> = {}): LedgerRow {
  return {
    lawTitle: edgeOfStability.title,
    lawNumber: edgeOfStability.number,
    forecast: { ...forecast, ...more },
    verdict: { forecast: "f", outcome, scoredAt: 2, measured: 1, error, skill: NaN, reason: "" },
  };
}
