import { describe, expect, it } from "vitest";
import { crossEntropyAtInitialization } from "../../src/theory/solvable/stepZeroLoss.ts";
import { independentLogits } from "./independentLogits.ts";

describe("the cross-entropy at initialization", () => {
  it.each([
    [2, 0.3],
    [3, 0.5],
    [10, 0.7],
    [100, 1],
  ])(
    "lies within its own next term, σ⁴/(2C), and 1 %, of the mean over %d classes at deviation %d",
    (classes, deviation) => {
      const { loss, variance } = independentLogits(classes, deviation, 20_000);
      const central = crossEntropyAtInitialization(classes, variance);
      expect(loss).toBeLessThan(central * 1.01);
      expect(loss).toBeGreaterThan(central * 0.99 - variance ** 2 / (2 * classes));
    },
  );

  it("of a binary classifier is ln 2 + z²/8 to fourth order, the formula for the two logits 0 and z", () => {
    for (const z of [0.1, -0.4, 0.8]) {
      const exact = (Math.log(1 + Math.exp(-z)) + Math.log(1 + Math.exp(z))) / 2;
      // ln(2 cosh(z/2)) = ln 2 + z²/8 − z⁴/192 + …
      expect(Math.abs(exact - crossEntropyAtInitialization(2, z ** 2 / 4))).toBeLessThan(z ** 4 / 192);
    }
  });
});
