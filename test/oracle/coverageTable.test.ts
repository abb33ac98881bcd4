/** When a coverage table is out of date. */
import { expect, test } from "vitest";
import { agree } from "./architectures/coverageTable.ts";

test("numbers rounded to a neighbouring power of ten, for one backend or for all, are the same", () => {
  expect(agree("| a | 1e-7 | 2σ |", "| a | 1e-6 | 3σ |")).toBe(true);
  expect(agree("| a | 1e-7 / 1e-6 | – |", "| a | 1e-7 | – |")).toBe(true);
  expect(agree("| a | 1e-7 | – |", "| a | 1e-7 / 1e-6 | – |")).toBe(true);
});

test("two powers of ten, a refusal and another observable are not the same", () => {
  expect(agree("| a | 1e-7 |", "| a | 1e-5 |")).toBe(false);
  expect(agree("| a | 1e-7 |", "| a | 1e-7 / 1e-4 |")).toBe(false);
  expect(agree("| a | 1e-7 |", "| a | refused: x |")).toBe(false);
  expect(agree("| a | 1e-7 |", "| b | 1e-7 |")).toBe(false);
  expect(agree("", "| a | 1e-7 |")).toBe(false);
});
