import { expect, it } from "vitest";
import { areaCoverage, type LawFared } from "../../scripts/almanac/areaCoverage.ts";
import { catalog } from "../../src/theory/catalog.ts";
import { lawRuns } from "./lawRuns.ts";
import { follow } from "./theoryStreams.ts";

/** What each law forecast on the run that it is tested on. */
function fixtures(): readonly LawFared[] {
  return catalog.map((law) => {
    const { records, earlier } = lawRuns[law.id]?.() ?? { records: [] };
    const { issued, verdicts } = follow(records, [law], earlier);
    return {
      law,
      ledger: issued.map((each) => ({
        forecast: each,
        verdict: verdicts.find(({ forecast }) => forecast === each.id),
      })),
    };
  });
}

it("in every area at least seven forecasts of ten hold on the runs that the laws are tested on", () => {
  const laws = fixtures();
  console.log(`The runs that the laws are tested on:\n${areaCoverage(laws)}`);
  for (const area of new Set(catalog.map((law) => law.area))) {
    const outcomes = laws.flatMap(({ law, ledger }) => (law.area === area ? ledger : []));
    const count = (wanted: string) => outcomes.filter(({ verdict }) => verdict?.outcome === wanted).length;
    expect(count("held") / (count("held") + count("broken")), area).toBeGreaterThanOrEqual(0.7);
  }
});
