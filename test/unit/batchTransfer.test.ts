import { describe, expect, it } from "vitest";
import {
  batchRateFactor,
  batchRule,
  largestFactor,
  transferBatch,
  type OptimizerSetting,
} from "../../src/theory/hyperparameters/batchTransfer.ts";
import { gaussians } from "../oracle/tinyNetwork.ts";

const adam: OptimizerSetting = { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

/** The setting, where there is one. */
function asked(...args: Parameters<typeof transferBatch>): OptimizerSetting | undefined {
  const transfer = transferBatch(...args);
  return "refusal" in transfer ? undefined : transfer.setting;
}

/**
 * Root mean square, over walkers, of a weight after as many examples, from AdamW in float64 on gradients of a small mean and a noise
 * of variance 1/B.
 */
function driftAndSpread(setting: OptimizerSetting, batch: number, examples: number) {
  const next = gaussians(batch);
  const { learningRate: rate, beta1 = 0, beta2 = 0, epsilon = 0, weightDecay = 0 } = setting;
  const finals = Array.from({ length: 2000 }, () => {
    let [weight, first, second] = [1, 0, 0];
    for (let step = 1; step <= examples / batch; step++) {
      const gradient = 0.02 + next() / Math.sqrt(batch);
      first = beta1 * first + (1 - beta1) * gradient;
      second = beta2 * second + (1 - beta2) * gradient ** 2;
      const root = Math.sqrt(second / (1 - beta2 ** step)) + epsilon;
      weight -= rate * (first / (1 - beta1 ** step) / root + weightDecay * weight);
    }
    return weight;
  });
  const mean = finals.reduce((sum, each) => sum + each, 0) / finals.length;
  const variance = finals.reduce((sum, each) => sum + (each - mean) ** 2, 0) / finals.length;
  return { mean, deviation: Math.sqrt(variance) };
}

describe("what a change of the batch asks for", () => {
  it("is a learning rate in proportion under gradient descent, and by its root under Adam, in as many examples", () => {
    expect(transferBatch("momentum", { learningRate: 0.1, momentum: 0.9, weightDecay: 0.01 }, 8)).toEqual({
      setting: { learningRate: 0.8, momentum: 0.9, weightDecay: 0.01 },
      steps: 1 / 8,
    });
    const four = asked("adam", adam, 4);
    expect(four?.learningRate).toBeCloseTo(0.002, 12);
    expect(four?.beta1).toBeCloseTo(0.6, 12);
    expect(four?.beta2).toBeCloseTo(0.996, 12);
    expect(four?.epsilon).toBeCloseTo(5e-9, 20);
    expect(batchRateFactor("squareRoot", 4)).toBe(2);
  });

  it("comes back to where it was where the batch does", () => {
    const setting: OptimizerSetting = { ...adam, weightDecay: 0.1, weightDecayForm: "decoupled" };
    const back = asked("adamw", asked("adamw", setting, 4) ?? setting, 1 / 4);
    for (const key of ["learningRate", "beta1", "beta2", "epsilon", "weightDecay"] as const) {
      expect(back?.[key]).toBeCloseTo(setting[key] ?? NaN, 12);
    }
  });

  it("gives AdamW's weights the same drift, spread and decay over as many examples, where noise dominates", () => {
    const setting: OptimizerSetting = {
      learningRate: 0.001,
      beta1: 0.9,
      beta2: 0.99,
      epsilon: 0.05,
      weightDecay: 0.5,
      weightDecayForm: "decoupled",
    };
    const one = driftAndSpread(setting, 1, 800);
    const four = driftAndSpread(asked("adamw", setting, 4) ?? setting, 4, 800);
    const unchanged = driftAndSpread({ ...setting, learningRate: 0.004 }, 4, 800);
    // 2000 walkers leave 1.6 % of a deviation; the rule itself is of first order in 1 − β.
    expect(four.deviation / one.deviation).toBeCloseTo(1, 1);
    expect(Math.abs(four.mean - one.mean)).toBeLessThan(0.15 * one.deviation);
    expect(unchanged.deviation / one.deviation).toBeGreaterThan(1.4);
  });

  it("does not exist where an average would be over less than a step, and says how far the batch may grow", () => {
    const transfer = transferBatch("adam", adam, 16);
    expect("refusal" in transfer && transfer.refusal).toContain("The batch may grow by less than 10.0");
    expect(largestFactor(adam)).toBeCloseTo(10, 10);
    expect(largestFactor({ learningRate: 0.1 })).toBe(Infinity);
    expect(asked("adam", { ...adam, beta1: 0 }, 16)?.beta1).toBe(0);
  });

  it("is not known of other optimizers, nor for a batch that is none", () => {
    expect(batchRule("adagrad")).toBeUndefined();
    expect(transferBatch("adagrad", adam, 2)).toHaveProperty("refusal");
    for (const factor of [0, -1, NaN, Infinity]) expect(transferBatch("sgd", adam, factor)).toHaveProperty("refusal");
  });
});
