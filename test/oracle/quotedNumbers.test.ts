import { describe, expect, it } from "vitest";
import { ofRealData, quotedNumbers } from "./quoted/allQuoted.ts";
import { isFoundAgain } from "./quoted/quotedNumber.ts";
import { haveRealData, whereAbsent } from "./support/realData.ts";

describe("every number that is quoted is found again", () => {
  for (const [law, find] of Object.entries(quotedNumbers)) {
    const real = ofRealData.includes(law);
    it.skipIf(real && !haveRealData)(`for ${law}${real ? whereAbsent : ""}`, () => {
      const numbers = find();
      expect(numbers.length).toBeGreaterThan(0);
      expect(numbers.filter((each) => !isFoundAgain(each))).toEqual([]);
    });
  }
});
