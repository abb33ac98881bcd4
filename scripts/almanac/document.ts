import { catalog } from "../../src/theory/catalog.ts";
import type { LedgerRow } from "../../src/run/runRows.ts";
import type { Law } from "../../src/theory/law.ts";
import { areaCoverage } from "./areaCoverage.ts";
import type { Setting } from "./entries.ts";
import type { Outcome } from "./runSetting.ts";

export interface Page {
  readonly law: Law;
  /** Or why there is none. */
  readonly holds: Outcome | string;
  readonly outside: Outcome;
}

/** `docs/almanac.md`, with what did not go as it should; the plots are beside it, as `almanac/<law>.svg`. */
export function almanac(pages: readonly Page[], problems: readonly string[], machine: string): string {
  const without = catalog.filter(({ id }) => !pages.some(({ law }) => law.id === id));
  const parts = [
    "# Almanac",
    `Written by \`npm run almanac\` on ${machine}. For each law a script of \`examples/laws\` on which it should hold, and one on which it should be out of regime; measuring may cost 30 % of the time unless said otherwise. The scripts' seeds are in the scripts. Beside it are [numbers that are quoted for the laws](almanac/quoted.md), found again, and [what was read off the text](almanac/text.md) of scripts before they ran.`,
    "## Coverage and skill by area",
    areaCoverage(heldPages(pages)),
    ...(problems.length === 0
      ? []
      : ["## Not as it should be", problems.map((each) => `- ${each.replaceAll("|", "\\|")}.`).join("\n")]),
    ...pages.flatMap(section),
    ...(without.length === 0 ? [] : [`Not in the almanac: ${without.map(({ number }) => number).join(", ")}.`]),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** Of the laws that a script can hold, their ledgers. */
export function heldPages(pages: readonly Page[]): { readonly law: Law; readonly ledger: readonly LedgerRow[] }[] {
  return pages.flatMap(({ law, holds }) => (typeof holds === "string" ? [] : [{ law, ledger: holds.ledger }]));
}

function section({ law, holds, outside }: Page): string[] {
  const source = law.references.map(({ citation, title, arxiv }) => {
    return arxiv === undefined ? `${citation}, ${title}` : `${citation}, ${title}, arXiv ${arxiv}`;
  });
  return [
    `## ${law.number} ${law.title}`,
    `${law.statement} (${source.join("; ")})`,
    ...(typeof holds === "string" ? [`No script on which it should hold: ${holds}.`] : forecasts(law, holds)),
    `\`${commandOf(outside.setting)}\`, ${outside.seconds.toFixed(0)} s: ${outside.standing?.says ?? ""}.`,
  ];
}

function forecasts(law: Law, { setting, seconds, ledger, series }: Outcome): string[] {
  return [
    `\`${commandOf(setting)}\`, ${seconds.toFixed(0)} s:`,
    [
      "| forecast | about | 10 %–90 % | measured | verdict | skill |",
      "|---|---|---|---|---|---|",
      ...ledger.slice(0, longest).map(row),
      ...(ledger.length > longest ? [`| and ${ledger.length - longest} more | | | | | |`] : []),
    ].join("\n"),
    ...(series === undefined ? [] : [`![${law.title}](almanac/${law.id}.svg)`]),
  ];
}

const longest = 8;

function row({ forecast, verdict }: LedgerRow): string {
  const { statement, statistic, observable, issuedAt, low, central, high, isBound } = forecast;
  const cells = [
    statement.replaceAll("|", "\\|"),
    `${statistic} of ${observable.replaceAll("|", "\\|")}, said at step ${issuedAt}`,
    `${isBound === true ? "within" : number(central)} [${number(low)}, ${number(high)}]`,
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
