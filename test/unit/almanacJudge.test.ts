import { expect, it } from "vitest";
import { objectionToHolding } from "../../scripts/almanac/judge.ts";
import { ledgerRow } from "./ledgerRows.ts";

function objection(held: number, broken: number): string | undefined {
  const rows = (outcome: "held" | "broken", count: number) =>
    Array.from({ length: count }, () => ledgerRow(outcome, 0));
  return objectionToHolding({ ledger: [...rows("held", held), ...rows("broken", broken)], standing: undefined });
}

it("takes as many misses for chance as intervals from 10 % to 90 % allow, and no more", () => {
  // Binomial with 0.2: one or more of two in 0.36 of cases, two or more of three in 0.104, three or more of four in 0.027, and six
  // or more of 13 in 0.03.
  expect([objection(1, 1), objection(1, 2), objection(8, 5)]).toEqual([undefined, undefined, undefined]);
  expect(objection(1, 3)).toBe("3 of 4 forecasts were broken");
  expect(objection(7, 6)).toBe("6 of 13 forecasts were broken");
});

it("does not let a law pass that held nowhere", () => {
  expect(objection(0, 1)).toBe("1 of 1 forecasts were broken");
  expect(objection(0, 0)).toBe("it made no forecast: it is not in the catalogue");
});
