/** Forecasts and verdicts as rows of the run file. */
import type { Baseline, Forecast, Outcome, Statistic, Verdict } from "../theory/law.ts";
import { numberOf, textOf, type Row } from "./columns.ts";

export function forecastOf(row: Row): Forecast {
  return {
    id: textOf(row, "id"),
    law: textOf(row, "law"),
    subject: textOf(row, "subject"),
    observable: textOf(row, "observable"),
    statistic: textOf(row, "statistic") as Statistic,
    issuedAt: numberOf(row, "issuedAt"),
    from: numberOf(row, "fromStep"),
    to: numberOf(row, "toStep"),
    low: numberOf(row, "low"),
    central: numberOf(row, "central"),
    high: numberOf(row, "high"),
    ...(numberOf(row, "isBound") === 1 && { isBound: true }),
    baselines: JSON.parse(textOf(row, "baselines")) as Baseline[],
    assumptions: JSON.parse(textOf(row, "assumptions")) as string[],
    statement: textOf(row, "statement"),
  };
}

export function verdictOf(row: Row): Verdict {
  return {
    forecast: textOf(row, "forecast"),
    outcome: textOf(row, "outcome") as Outcome,
    scoredAt: numberOf(row, "scoredAt"),
    measured: numberOf(row, "measured"),
    error: numberOf(row, "error"),
    skill: numberOf(row, "skill"),
    reason: textOf(row, "reason"),
  };
}
