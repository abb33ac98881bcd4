import { describe, expect, it } from "vitest";
import { crossEntropyAtInitialization } from "../../src/theory/solvable/stepZeroLoss.ts";
import { gaussians } from "./tinyNetwork.ts";

/** Mean cross-entropy of independent Gaussian logits against labels that know nothing of them, and their variance. */
function monteCarlo(classes: number, deviation: number, examples: number) {
  const next = gaussians(7);
  let [loss, variance] = [0, 0];
  for (let example = 0; example < examples; example++) {
    const logits = Array.from({ length: classes }, () => deviation * next());
    const mean = logits.reduce((sum, logit) => sum + logit, 0) / classes;
    const logSum = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
    // The label's logit enters linearly: its mean over all labels is exact.
    loss += (logSum - mean) / examples;
    variance += logits.reduce((sum, logit) => sum + (logit - mean) ** 2, 0) / classes / examples;
  }
  return { loss, variance };
}

describe("the cross-entropy at initialization", () => {
  it("is 7.03 for a thousand classes and logits of deviation 0.5", () => {
    const { loss, variance } = monteCarlo(1000, 0.5, 400);
    expect(crossEntropyAtInitialization(1000, 0.25)).toBeCloseTo(7.033, 3);
    // Scatter of the mean of 400 is below 1e-3; the law's table quotes 7.029 for one sample.
    expect(Math.abs(loss - crossEntropyAtInitialization(1000, variance))).toBeLessThan(0.005);
  });

  it.each([
    [2, 0.3],
    [3, 0.5],
    [10, 0.7],
    [100, 1],
  ])(
    "lies within its own next term, σ⁴/(2C), and 1 %, of the mean over %d classes at deviation %d",
    (classes, deviation) => {
      const { loss, variance } = monteCarlo(classes, deviation, 20_000);
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
