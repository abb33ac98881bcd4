import { catalog } from "../../src/theory/catalog.ts";
import type { LedgerRow } from "../../src/run/runRows.ts";
import type { Law } from "../../src/theory/law.ts";
import { lawRecord } from "../../src/theory/lawRecord.ts";
import type { Setting } from "./entries.ts";
import type { Outcome } from "./runSetting.ts";

export interface Page {
  readonly law: Law;
  readonly holds: Outcome;
  readonly outside: Outcome;
}

/** `docs/almanac.md`; the plots are beside it, as `almanac/<law>.svg`. */
export function almanac(pages: readonly Page[], machine: string): string {
  const without = catalog.filter(({ id }) => !pages.some(({ law }) => law.id === id));
  const parts = [
    "# Almanac",
    `Written by \`npm run almanac\` on ${machine}. For each law a script of \`examples/laws\` on which it should hold, and one on which it should be out of regime; measuring may cost 30 % of the time unless said otherwise. The scripts' seeds are in the scripts.`,
    "## Coverage and skill by area",
    coverage(pages),
    ...pages.flatMap(section),
    ...(without.length === 0 ? [] : [`Not in the almanac yet: ${without.map(({ number }) => number).join(", ")}.`]),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** Share of decided forecasts that held, where the laws should hold, and the median skill. */
export function coverage(pages: readonly Page[]): string {
  const areas = [...new Set(pages.map(({ law }) => law.area))];
  const rows = areas.map((area) => {
    const own = pages.filter(({ law }) => law.area === area);
    const entries = own.flatMap(({ law, holds }) =>
      holds.ledger.map(({ forecast, verdict }) => ({ run: law.id, forecast: { ...forecast, law: area }, verdict })),
    );
    const { outcomes, coverage: share, skill } = lawRecord(area, entries);
    const { held, broken } = outcomes;
    return `| ${area} | ${own.length} | ${held} | ${broken} | ${percent(share)} | ${number(skill)} |`;
  });
  return ["| area | laws | held | broken | coverage | median skill |", "|---|---|---|---|---|---|", ...rows].join("\n");
}

function section({ law, holds, outside }: Page): string[] {
  const source = law.references.map(({ citation, title, arxiv }) => {
    return arxiv === undefined ? `${citation}, ${title}` : `${citation}, ${title}, arXiv ${arxiv}`;
  });
  return [
    `## ${law.number} ${law.title}`,
    `${law.statement} (${source.join("; ")})`,
    `\`${commandOf(holds.setting)}\`, ${holds.seconds.toFixed(0)} s:`,
    [
      "| forecast | about | 10 %–90 % | measured | verdict | skill |",
      "|---|---|---|---|---|---|",
      ...holds.ledger.slice(0, longest).map(row),
      ...(holds.ledger.length > longest ? [`| and ${holds.ledger.length - longest} more | | | | | |`] : []),
    ].join("\n"),
    ...(holds.series === undefined ? [] : [`![${law.title}](almanac/${law.id}.svg)`]),
    `\`${commandOf(outside.setting)}\`, ${outside.seconds.toFixed(0)} s: ${outside.standing?.says ?? ""}.`,
  ];
}

const longest = 8;

function row({ forecast, verdict }: LedgerRow): string {
  const { statement, statistic, observable, issuedAt, low, central, high } = forecast;
  const cells = [
    statement.replaceAll("|", "\\|"),
    `${statistic} of ${observable.replaceAll("|", "\\|")}, said at step ${issuedAt}`,
    `${number(central)} [${number(low)}, ${number(high)}]`,
    number(verdict?.measured ?? NaN),
    verdict?.outcome ?? "pending",
    number(verdict?.skill ?? NaN),
  ];
  return `| ${cells.join(" | ")} |`;
}

export function commandOf({ script, runs = [[]] }: Setting): string {
  const [first = []] = runs;
  const before = runs.length > 1 ? ` after ${runs.length - 1} others` : "";
  const last = runs.at(-1) ?? first;
  return [`examples/laws/${script}`, ...last].join(" ") + before;
}

function number(value: number): string {
  return Number.isNaN(value) ? "–" : String(Number(value.toPrecision(4)));
}

function percent(share: number): string {
  return Number.isNaN(share) ? "–" : `${(100 * share).toFixed(0)} %`;
}
