import type { Outcome } from "./runSetting.ts";

/** What is wrong with how a law fared where it should hold; undefined where it held. */
export function objectionToHolding({ ledger, standing }: Outcome): string | undefined {
  if (ledger.length === 0) return `it made no forecast: ${standing?.says ?? "it is not in the catalogue"}`;
  const held = ledger.filter(({ verdict }) => verdict?.outcome === "held").length;
  const broken = ledger.filter(({ verdict }) => verdict?.outcome === "broken").length;
  if (held + broken === 0) return `none of its ${ledger.length} forecasts was decided`;
  // Its intervals hold four times in five, so that one miss among several is as it should be.
  return broken > held / 2 ? `${broken} of ${held + broken} forecasts were broken` : undefined;
}

/** What is wrong with how a law fared where it should be out of regime; undefined where it said so in time. */
export function objectionToSilence({ ledger, standing }: Outcome): string | undefined {
  const decided = ledger.find(({ verdict }) => verdict?.outcome === "held" || verdict?.outcome === "broken");
  if (decided !== undefined) return `a forecast was scored as ${decided.verdict?.outcome ?? ""}`;
  const says = standing?.says ?? "it is not in the catalogue";
  return says.startsWith("out of regime") || says.startsWith("cannot speak") ? undefined : `it says: ${says}`;
}
