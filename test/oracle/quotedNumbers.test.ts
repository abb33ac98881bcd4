import { describe, expect, it } from "vitest";
import { quotedNumbers } from "./quoted/allQuoted.ts";
import { isFoundAgain } from "./quoted/quotedNumber.ts";

describe("every number that is quoted is found again", () => {
  it.each(Object.entries(quotedNumbers))("for %s", (_, find) => {
    const numbers = find();
    expect(numbers.length).toBeGreaterThan(0);
    expect(numbers.filter((each) => !isFoundAgain(each))).toEqual([]);
  });
});
