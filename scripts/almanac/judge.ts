import type { Outcome } from "./runSetting.ts";

type Fared = Pick<Outcome, "ledger" | "standing">;

/** Of the forecasts of a law as it should be, at most so many are broken: what lies outside an interval from 10 % to 90 %. */
const missed = 0.2;
/** Chance of as many misses or more, below which they are too many to be chance. */
const significance = 0.05;

/** What is wrong with how a law fared where it should hold; undefined where it held. */
export function objectionToHolding({ ledger, standing }: Fared): string | undefined {
  if (ledger.length === 0) return `it made no forecast: ${standing?.says ?? "it is not in the catalogue"}`;
  const held = ledger.filter(({ verdict }) => verdict?.outcome === "held").length;
  const broken = ledger.filter(({ verdict }) => verdict?.outcome === "broken").length;
  if (held + broken === 0) return `none of its ${ledger.length} forecasts was decided`;
  return held === 0 || chanceOfMisses(broken, held + broken) < significance
    ? `${broken} of ${held + broken} forecasts were broken`
    : undefined;
}

/** That of n independent forecasts k or more miss: binomial, Σ_{j ≥ k} C(n, j) p^j (1 − p)^{n − j}. */
function chanceOfMisses(k: number, n: number): number {
  let [chance, sum] = [(1 - missed) ** n, 0];
  for (let j = 0; j <= n; j++) {
    if (j >= k) sum += chance;
    chance *= (((n - j) / (j + 1)) * missed) / (1 - missed);
  }
  return sum;
}

/** What is wrong with how a law fared where it should be out of regime; undefined where it said so in time. */
export function objectionToSilence({ ledger, standing }: Fared): string | undefined {
  const decided = ledger.find(({ verdict }) => verdict?.outcome === "held" || verdict?.outcome === "broken");
  if (decided !== undefined) return `a forecast was scored as ${decided.verdict?.outcome ?? ""}`;
  const says = standing?.says ?? "it is not in the catalogue";
  return says.startsWith("out of regime") || says.startsWith("cannot speak") ? undefined : `it says: ${says}`;
}
