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
  best: "best",
};

/** The ledger as a table, each forecast's sentence and verdict below it, and the laws that did not speak, with why. */
export function ledgerText(rows: readonly LedgerRow[], standings: readonly LawStanding[], width: number): string {
  const silent = silentLaws(rows, standings).map((each) =>
    wrap(`${each.number} ${each.title}: ${each.says}`, width, "  ").trim(),
  );
  return [...forecastParts(rows, width), ...(silent.length > 0 ? [silent.join("\n")] : [])].join("\n\n");
}

/** The same for somebody who has just trained: of the laws that did not speak, how many there are of each kind. */
export function ledgerSummary(rows: readonly LedgerRow[], standings: readonly LawStanding[], width: number): string {
  const silent = silentLaws(rows, standings);
  const without = silent.filter(({ regime }) => regime === undefined).length;
  const outside = silent.filter(({ regime }) => regime?.status === "outside").length;
  const counts = [
    [without, "without what they need"],
    [outside, "out of their regime"],
    [silent.length - without - outside, "with nothing to forecast"],
  ] as const;
  const kinds = counts.flatMap(([count, kind]) => (count > 0 ? [`${count} ${kind}`] : []));
  const summary = `Laws that made no forecast: ${kinds.join(", ")}. \`orrery ledger\` says of each why.`;
  return [...forecastParts(rows, width), ...(silent.length > 0 ? [wrap(summary, width, "")] : [])].join("\n\n");
}

function silentLaws(rows: readonly LedgerRow[], standings: readonly LawStanding[]): LawStanding[] {
  const spoken = new Set(rows.map((row) => row.forecast.law));
  return standings.filter((standing) => !spoken.has(standing.law));
}

function forecastParts(rows: readonly LedgerRow[], width: number): string[] {
  if (rows.length === 0) return ["No law has made a forecast."];
  return [ledgerTable(rows), rows.map((row) => explanation(row, width)).join("\n")];
}

function ledgerTable(rows: readonly LedgerRow[]): string {
  const cells = rows.map((row, index) => [
    String(index + 1),
    `${row.lawNumber} ${row.lawTitle}${row.forecast.subject === "" ? "" : `, ${row.forecast.subject}`}`,
    forecastCell(row.forecast),
    `step ${formatCount(row.forecast.issuedAt)}`,
    row.verdict === undefined || Number.isNaN(row.verdict.measured) ? "–" : amount(row.forecast, row.verdict.measured),
    row.verdict?.outcome ?? "pending",
    row.verdict === undefined || Number.isNaN(row.verdict.skill) ? "–" : formatNumber(row.verdict.skill),
  ]);
  const header = ["#", "law", "forecast [10 %, 90 %]", "issued", "measured", "verdict", "skill"];
  return table(header, cells, ["issued", "measured", "skill"]);
}

/** As "20 [19, 22]"; of a bound, whose edges are no quantiles, "within [0, 8]". */
function forecastCell(forecast: Forecast): string {
  const [low, central, high] = [forecast.low, forecast.central, forecast.high].map((each) => amount(forecast, each));
  return `${forecast.isBound === true ? "within" : (central ?? "")} [${low ?? ""}, ${high ?? ""}]`;
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
