import type { Law, Verdict } from "../../src/theory/law.ts";
import { lawRecord } from "../../src/theory/lawRecord.ts";

/** What became of a forecast. */
interface Fared {
  readonly verdict: Pick<Verdict, "outcome" | "skill"> | undefined;
}

/** What a law forecast on a run where it should hold. */
export interface LawFared {
  readonly law: Pick<Law, "id" | "area">;
  readonly ledger: readonly Fared[];
}

/** A table of the share of decided forecasts that held, and the median skill, by area. */
export function areaCoverage(laws: readonly LawFared[]): string {
  const areas = [...new Set(laws.map(({ law }) => law.area))];
  const rows = areas.map((area) => {
    const own = laws.filter(({ law }) => law.area === area);
    const entries = own.flatMap(({ law, ledger }) =>
      ledger.map(({ verdict }) => ({ run: law.id, forecast: { law: area }, verdict })),
    );
    const { outcomes, coverage, skill } = lawRecord(area, entries);
    const share = Number.isNaN(coverage) ? "–" : `${(100 * coverage).toFixed(0)} %`;
    const median = Number.isNaN(skill) ? "–" : String(Number(skill.toPrecision(4)));
    return `| ${area} | ${own.length} | ${outcomes.held} | ${outcomes.broken} | ${share} | ${median} |`;
  });
  return ["| area | laws | held | broken | coverage | median skill |", "|---|---|---|---|---|---|", ...rows].join("\n");
}
