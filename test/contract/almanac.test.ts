/** The almanac's quick entries, run as `npm run almanac` runs them all. */
import { describe, expect, it } from "vitest";
import { entries } from "../../scripts/almanac/entries.ts";
import { objectionToHolding, objectionToSilence } from "../../scripts/almanac/judge.ts";
import { runSetting } from "../../scripts/almanac/runSetting.ts";
import { catalog } from "../../src/theory/catalog.ts";

describe.each(entries.filter(({ quick }) => quick).map((entry) => [entry.law, entry] as const))(
  "the law %s",
  (law, entry) => {
    it("holds where it should", { timeout: 180_000 }, async () => {
      expect(objectionToHolding(await runSetting(law, entry.holds))).toBeUndefined();
    });

    it("says that it does not apply where it should not", { timeout: 180_000 }, async () => {
      expect(objectionToSilence(await runSetting(law, entry.outside))).toBeUndefined();
    });
  },
);

describe("the almanac", () => {
  it("names laws of the catalogue, each once", () => {
    const ids = entries.map(({ law }) => law);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !catalog.some((law) => law.id === id))).toEqual([]);
  });
});
