import type { Forecast, Law, Verdict } from "../../src/theory/law.ts";
import { lawRecord } from "../../src/theory/lawRecord.ts";

/** What became of a forecast. */
interface Fared {
  readonly forecast: Pick<Forecast, "isBound">;
  readonly verdict: Pick<Verdict, "outcome" | "skill"> | undefined;
}

/** What a law forecast on a run where it should hold. */
export interface LawFared {
  readonly law: Pick<Law, "id" | "area">;
  readonly ledger: readonly Fared[];
}

/** A table of the intervals and bounds that were decided, the share of intervals that held, and the median skill, by area. */
export function areaCoverage(laws: readonly LawFared[]): string {
  const areas = [...new Set(laws.map(({ law }) => law.area))];
  const rows = areas.map((area) => {
    const own = laws.filter(({ law }) => law.area === area);
    const entries = own.flatMap(({ law, ledger }) =>
      ledger.map(({ forecast, verdict }) => ({ run: law.id, forecast: { ...forecast, law: area }, verdict })),
    );
    const { outcomes, bounds, coverage, skill } = lawRecord(area, entries);
    const share = Number.isNaN(coverage) ? "–" : `${(100 * coverage).toFixed(0)} %`;
    const median = Number.isNaN(skill) ? "–" : String(Number(skill.toPrecision(4)));
    const [held, broken] = [outcomes.held - bounds.held, outcomes.broken - bounds.broken];
    return `| ${area} | ${own.length} | ${held} | ${broken} | ${share} | ${bounds.held} | ${bounds.broken} | ${median} |`;
  });
  return [
    "| area | laws | intervals held | broken | coverage | bounds held | broken | median skill |",
    "|---|---|---|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}
