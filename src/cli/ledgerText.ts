import { isStep, type Forecast, type Statistic } from "../theory/law.ts";
import type { LawStanding, LedgerRow } from "../run/runRows.ts";
import { formatCount, formatNumber } from "./numbers.ts";
import { table, wrap } from "./table.ts";

const statistics: Readonly<Record<Statistic, string>> = {
  value: "value of",
  timeMean: "time mean of",
  maximum: "maximum of",
  crossingStep: "first crossing by",
  minimumStep: "step of the least",
};

/** The ledger as a table, each forecast's sentence and verdict below it, and the laws that did not speak, with why. */
export function ledgerText(rows: readonly LedgerRow[], standings: readonly LawStanding[], width: number): string {
  const parts = [rows.length === 0 ? "No law has made a forecast." : ledgerTable(rows)];
  if (rows.length > 0) parts.push(rows.map((row) => explanation(row, width)).join("\n"));
  const spoken = new Set(rows.map((row) => row.forecast.law));
  const silent = standings.filter((standing) => !spoken.has(standing.law));
  if (silent.length > 0) {
    parts.push(silent.map((each) => wrap(`${each.number} ${each.title}: ${each.says}`, width, "  ").trim()).join("\n"));
  }
  return parts.join("\n\n");
}

function ledgerTable(rows: readonly LedgerRow[]): string {
  const cells = rows.map((row, index) => [
    String(index + 1),
    `${row.lawNumber} ${row.lawTitle}${row.forecast.subject === "" ? "" : `, ${row.forecast.subject}`}`,
    `${amount(row.forecast, row.forecast.central)} [${amount(row.forecast, row.forecast.low)}, ${amount(row.forecast, row.forecast.high)}]`,
    `step ${formatCount(row.forecast.issuedAt)}`,
    row.verdict === undefined || Number.isNaN(row.verdict.measured) ? "–" : amount(row.forecast, row.verdict.measured),
    row.verdict?.outcome ?? "pending",
    row.verdict === undefined || Number.isNaN(row.verdict.skill) ? "–" : formatNumber(row.verdict.skill),
  ]);
  const header = ["#", "law", "forecast [10 %, 90 %]", "issued", "measured", "verdict", "skill"];
  return table(header, cells, ["issued", "measured", "skill"]);
}

function explanation(row: LedgerRow, width: number): string {
  const { statement, statistic, observable } = row.forecast;
  const about = `(${statistics[statistic]} ${observable})`;
  const verdict = row.verdict === undefined ? "" : ` ${row.verdict.outcome}: ${row.verdict.reason}`;
  return wrap(`${row.lawNumber} ${statement} ${about}${verdict}`, width, "  ");
}

/** Steps are whole numbers; everything else has four digits. */
function amount(forecast: Forecast, value: number): string {
  return isStep(forecast.statistic) ? formatCount(Math.round(value)) : formatNumber(value);
}
