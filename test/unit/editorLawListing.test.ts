import { describe, expect, test } from "vitest";
import { lawListings, lawTooltip, recordText } from "../../src/editor/lawListing.ts";
import { catalog } from "../../src/theory/catalog.ts";
import type { Outcome } from "../../src/theory/law.ts";

const entry = (outcome?: Outcome, skill = NaN) => ({
  run: "1",
  forecast: { law: "edge-of-stability" },
  verdict: outcome && { outcome, skill },
});

function edge(...entries: ReturnType<typeof entry>[]) {
  const listing = lawListings(entries).find(({ id }) => id === "edge-of-stability");
  if (listing === undefined) throw new Error("The law is not listed.");
  return listing;
}

describe("a line of the laws view", () => {
  test("is there for every law, spoken or not", () => {
    expect(lawListings([]).map(({ id }) => id)).toEqual(catalog.map(({ id }) => id));
    expect(recordText(edge().record)).toBe("");
    expect(lawTooltip(edge())).toContain("has not spoken in any run here yet");
  });

  test("tells how many of the decided forecasts held, and the skill where there is one", () => {
    expect(recordText(edge(entry("held"), entry("broken"), entry("out of regime")).record)).toBe("held 1 of 2");
    expect(recordText(edge(entry("held", 0.8)).record)).toBe("held 1 of 1, skill 0.80");
  });

  test("does not call a miss what was not decided", () => {
    expect(recordText(edge(entry()).record)).toBe("1 pending");
    expect(recordText(edge(entry("out of regime")).record)).toBe("out of regime");
    expect(recordText(edge(entry("unresolved")).record)).toBe("unresolved");
  });

  test("says in its tooltip what the law needs and whom it comes from", () => {
    expect(lawTooltip(edge(entry("held")))).toMatch(/Needs an optimizer[^]*In 1 run: 1 held[^]*Cohen et al\. 2021/);
  });
});
