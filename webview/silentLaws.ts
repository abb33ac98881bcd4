import type { LawStanding, LedgerRow } from "../src/editor/messages.ts";
import { element } from "./dom.ts";
import { regimeList } from "./ledgerTable.ts";

/** The laws that have issued nothing in this run, each with why. Undefined where all have spoken. */
export function silentLaws(standings: readonly LawStanding[], ledger: readonly LedgerRow[]): HTMLElement | undefined {
  const spoken = new Set(ledger.map((row) => row.forecast.law));
  const silent = standings.filter((standing) => !spoken.has(standing.law));
  if (silent.length === 0) return undefined;
  const items = silent.map((standing) => {
    const line = element(
      "li",
      {},
      element("span", { class: "law-number" }, standing.number),
      `${standing.title}: ${standing.says}`,
    );
    if ((standing.regime?.checks.length ?? 0) > 0)
      line.append(element("details", {}, element("summary", {}, "Regime checks"), regimeList(standing)));
    return line;
  });
  return element(
    "section",
    { "aria-label": "Laws that have not spoken" },
    element("h3", {}, "Laws that have not spoken"),
    element("ul", { class: "plain" }, ...items),
  );
}
