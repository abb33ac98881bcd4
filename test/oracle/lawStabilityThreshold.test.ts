import { describe, expect, it } from "vitest";
import { stabilityThreshold } from "../../src/theory/empirical/stabilityThreshold.ts";
import { largestStableCurvature, optimizerFacts, updateRecurrences } from "./updateRecurrences.ts";

describe("the stability threshold", () => {
  it.each(updateRecurrences)(
    "of %s is where its recurrence on a quadratic loses stability",
    (_, kind, group, formula, recurrence) => {
      const threshold = stabilityThreshold(optimizerFacts(kind, group));
      expect(threshold?.formula).toBe(formula);
      // Bisection ends at rounding, and a simple root of the characteristic polynomial moves by about as much.
      expect((threshold?.value ?? NaN) / largestStableCurvature(recurrence)).toBeCloseTo(1, 10);
    },
  );

  it("is 38/η for Adam and 13.57/η for NAdam at β₁ = 0.9, and on the preconditioned Hessian", () => {
    const adamThreshold = stabilityThreshold(optimizerFacts("adam", { beta1: 0.9 }), 1);
    expect(adamThreshold?.value).toBeCloseTo(38, 10);
    expect(adamThreshold?.observable).toBe("sharpness/preconditioned");
    expect(stabilityThreshold(optimizerFacts("nadam", { beta1: 0.9 }), 1)?.value).toBeCloseTo(13.57, 2);
    expect(stabilityThreshold(optimizerFacts("sgd", {}))?.observable).toBe("sharpness/batch");
  });

  it("follows the learning rate that it is asked about", () => {
    expect(stabilityThreshold(optimizerFacts("sgd", {}), 0.5)?.value).toBe(4);
  });

  it.each([
    ["no group", optimizerFacts("sgd")],
    ["groups that differ", optimizerFacts("sgd", { learningRate: 0.1 }, { learningRate: 0.2 })],
    ["an optimizer without a known threshold", optimizerFacts("adagrad", {})],
    ["the centred RMSProp", optimizerFacts("rmsprop", { centered: true })],
    ["Adam with unknown β₁", optimizerFacts("adam", {})],
    ["Adam with coupled decay", optimizerFacts("adam", { beta1: 0.9, weightDecay: 0.1, weightDecayForm: "coupled" })],
    ["a decay of unknown form", optimizerFacts("sgd", { weightDecay: 0.1 })],
    ["a learning rate of zero", optimizerFacts("sgd", { learningRate: 0 })],
    ["a learning rate that is no number", optimizerFacts("sgd", { learningRate: NaN })],
  ])("is not given for %s", (_, facts) => {
    expect(stabilityThreshold(facts)).toBeUndefined();
  });
});
