/** The almanac's quick entries, run as `npm run almanac` runs them all. */
import { afterAll, describe, expect, it } from "vitest";
import { areaCoverage, type LawFared } from "../../scripts/almanac/areaCoverage.ts";
import { entries } from "../../scripts/almanac/entries.ts";
import { objectionToHolding, objectionToSilence } from "../../scripts/almanac/judge.ts";
import { runSetting } from "../../scripts/almanac/runSetting.ts";
import { catalog } from "../../src/theory/catalog.ts";

const fared: LawFared[] = [];

afterAll(() => {
  console.log(`The almanac's quick entries:\n${areaCoverage(fared)}`);
});

const quick = entries.flatMap(({ law, quick: isQuick, holds, outside }) =>
  isQuick && typeof holds !== "string" ? [[law, { holds, outside }] as const] : [],
);

describe.each(quick)("the law %s", (id, entry) => {
  it("holds where it should", { timeout: 180_000 }, async () => {
    const outcome = await runSetting(id, entry.holds);
    expect(objectionToHolding(outcome)).toBeUndefined();
    const law = catalog.find((each) => each.id === id);
    if (law !== undefined) fared.push({ law, ledger: outcome.ledger });
  });

  it("says that it does not apply where it should not", { timeout: 180_000 }, async () => {
    expect(objectionToSilence(await runSetting(id, entry.outside))).toBeUndefined();
  });
});

describe("the almanac", () => {
  it(
    "draws other weights and data for its scripts on demand, the same ones each time",
    { timeout: 180_000 },
    async () => {
      const first = async (draw: number) => {
        const [row] = (await runSetting("step-zero-loss", { script: "stepZeroLoss.mjs" }, draw)).ledger;
        return row?.verdict?.measured;
      };
      const [own, other, again] = [await first(0), await first(1), await first(1)];
      expect(other).toBeGreaterThan(0);
      expect(other).not.toBe(own);
      expect(again).toBe(other);
    },
  );

  it("names laws of the catalogue, each once", () => {
    const ids = entries.map(({ law }) => law);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !catalog.some((law) => law.id === id))).toEqual([]);
  });
});
