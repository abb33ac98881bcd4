import type { LedgerRow } from "../../src/run/runRows.ts";
import { quantile } from "../../src/theory/bootstrap.ts";
import { catalog } from "../../src/theory/catalog.ts";
import type { Law } from "../../src/theory/law.ts";
import { lawRecord } from "../../src/theory/lawRecord.ts";

/** What a law forecast over several draws of one script. */
export interface Calibrated {
  readonly law: Pick<Law, "id" | "number" | "title">;
  readonly draws: number;
  readonly ledger: readonly LedgerRow[];
}

/** Cells of the table of laws: law, draws, intervals held, coverage, errors, bounds held. */
type Cells = readonly string[];

const header: Cells = [
  "law",
  "draws",
  "intervals held",
  "coverage",
  "errors in half-widths: 10 %, median, 90 %",
  "bounds held",
];

/** How often intervals and bounds of a law held. */
export function intervalRow({ law, draws, ledger }: Calibrated): Cells {
  const { outcomes, bounds, coverage } = lawRecord(
    law.id,
    ledger.map((row) => ({ run: law.id, ...row })),
  );
  const of = (held: number, broken: number) => (held + broken === 0 ? "–" : `${held} of ${held + broken}`);
  const errors = ledger
    .filter(({ forecast }) => forecast.isBound !== true)
    .flatMap(({ verdict }) => (verdict === undefined || Number.isNaN(verdict.error) ? [] : [verdict.error]));
  return [
    nameOf(law),
    String(draws),
    of(outcomes.held - bounds.held, outcomes.broken - bounds.broken),
    percent(coverage),
    errors.length === 0 ? "–" : [0.1, 0.5, 0.9].map((each) => quantile(errors, each).toFixed(2)).join(", "),
    of(bounds.held, bounds.broken),
  ];
}

/** The rows of laws in a text that `intervalTables` wrote. */
export function intervalRows(text: string): readonly Cells[] {
  const rows = text.split("\n").flatMap((line) => (line.startsWith("| ") ? [line.slice(2, -2).split(" | ")] : []));
  return rows.filter(([name]) => catalog.some((law) => nameOf(law) === name));
}

/** By area and by law, in the order of the catalogue. */
export function intervalTables(rows: readonly Cells[]): string {
  const ordered = catalog.flatMap((law) =>
    rows.filter(([name]) => name === nameOf(law)).map((cells) => ({ law, cells })),
  );
  const areas = [...new Set(ordered.map(({ law }) => law.area))].map((area) => {
    const shares = ordered.flatMap(({ law, cells }) => (law.area === area ? shareOf(cells[2] ?? "") : []));
    return [area, String(shares.length), percent(shares.reduce((sum, each) => sum + each, 0) / shares.length)];
  });
  return [
    table(["area", "laws with intervals", "coverage"], areas),
    table(
      header,
      ordered.map(({ cells }) => cells),
    ),
  ].join("\n\n");
}

function nameOf({ number, title }: Pick<Law, "number" | "title">): string {
  return `${number} ${title}`;
}

/** Of "5 of 6"; nothing of "–". */
function shareOf(text: string): number[] {
  const [held, decided] = text.split(" of ").map(Number);
  return held === undefined || decided === undefined ? [] : [held / decided];
}

function table(head: Cells, rows: readonly Cells[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function percent(share: number): string {
  return Number.isNaN(share) ? "–" : `${(100 * share).toFixed(0)} %`;
}
