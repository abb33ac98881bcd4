import type { LedgerRow } from "../../src/run/runRows.ts";
import { quantile } from "../../src/theory/bootstrap.ts";
import type { Law } from "../../src/theory/law.ts";
import { lawRecord } from "../../src/theory/lawRecord.ts";

/** What a law forecast over several draws of one script. */
export interface Calibrated {
  readonly law: Law;
  readonly draws: number;
  readonly ledger: readonly LedgerRow[];
}

/** How often intervals and bounds held, by area and by law. */
export function intervalTables(all: readonly Calibrated[]): string {
  const rows = all.map((each) => ({ ...each, ...tally(each) }));
  const areas = [...new Set(rows.map(({ law }) => law.area))].map((area) => {
    const own = rows.filter(({ law, coverage }) => law.area === area && !Number.isNaN(coverage));
    return `| ${area} | ${own.length} | ${percent(own.reduce((sum, { coverage }) => sum + coverage, 0) / own.length)} |`;
  });
  const laws = rows.map(({ law, draws, intervals, bounds, coverage, deciles }) => {
    const words = deciles.map((each) => (Number.isNaN(each) ? "–" : each.toFixed(2))).join(", ");
    return `| ${law.number} ${law.title} | ${draws} | ${intervals} | ${percent(coverage)} | ${words} | ${bounds} |`;
  });
  return [
    "| area | laws with intervals | coverage |",
    "|---|---|---|",
    ...areas,
    "",
    "| law | draws | intervals held | coverage | errors in half-widths: 10 %, median, 90 % | bounds held |",
    "|---|---|---|---|---|---|",
    ...laws,
  ].join("\n");
}

function tally({ law, ledger }: Calibrated) {
  const { outcomes, bounds, coverage } = lawRecord(
    law.id,
    ledger.map((row) => ({ run: law.id, ...row })),
  );
  const of = (held: number, broken: number) => (held + broken === 0 ? "–" : `${held} of ${held + broken}`);
  const errors = ledger
    .filter(({ forecast }) => forecast.isBound !== true)
    .flatMap(({ verdict }) => (verdict === undefined || Number.isNaN(verdict.error) ? [] : [verdict.error]));
  return {
    intervals: of(outcomes.held - bounds.held, outcomes.broken - bounds.broken),
    bounds: of(bounds.held, bounds.broken),
    coverage,
    deciles: [0.1, 0.5, 0.9].map((each) => quantile(errors, each)),
  };
}

function percent(share: number): string {
  return Number.isNaN(share) ? "–" : `${(100 * share).toFixed(0)} %`;
}
