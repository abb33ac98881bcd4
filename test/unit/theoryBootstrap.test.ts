import { describe, expect, it } from "vitest";
import { bootstrap, intervalOf, quantile } from "../../src/theory/bootstrap.ts";

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("the bootstrap", () => {
  it("finds the standard error of a mean", () => {
    const items = Array.from({ length: 100 }, (_, index) => index);
    const means = bootstrap(items, 4000, "a seed", mean);
    const spread = Math.sqrt(mean(means.map((each) => (each - 49.5) ** 2)));
    // The standard deviation of 0…99 is √(9999/12) = 28.87, of its mean a tenth; 4000 samples know it to 1.1 %, three of these.
    expect(Math.abs(spread / 2.887 - 1)).toBeLessThan(0.034);
  });

  it("draws the same for the same seed, and something else for another", () => {
    const draw = (seed: string) => bootstrap([1, 2, 3, 4, 5, 6, 7, 8], 20, seed, mean);
    expect(draw("run 1")).toEqual(draw("run 1"));
    expect(draw("run 1")).not.toEqual(draw("run 2"));
  });

  it("leaves out samples on which there is no estimate, and gives no interval from too few", () => {
    const found = bootstrap([1, 1, 1, 9], 100, "seed", (sample) => (sample.includes(9) ? undefined : 1));
    expect(found.length).toBeLessThan(60);
    expect(intervalOf([1, 2, NaN], 3)).toBeUndefined();
    expect(bootstrap([], 10, "seed", mean)).toEqual([]);
  });

  it("takes quantiles between order statistics", () => {
    expect(quantile([3, 1, 2], 0.5)).toBe(2);
    expect(quantile([0, 10], 0.1)).toBe(1);
    expect(quantile([], 0.5)).toBeNaN();
    expect(intervalOf([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 5)).toEqual({ low: 1, high: 9 });
  });
});
