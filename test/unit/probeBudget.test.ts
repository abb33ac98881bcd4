import { describe, expect, it } from "vitest";
import { Budget, type Measurable } from "../../src/probe/tfjs/budget.ts";

/** Seconds of a simulated run; a step takes `step` seconds, a measurement its cost. */
function simulate(
  budget: Budget,
  measurables: readonly (Measurable & { readonly cost: number })[],
  { seconds, step }: { readonly seconds: number; readonly step: number },
) {
  const counts = new Map(measurables.map(({ name }) => [name, 0]));
  let time = 0;
  let measuring = 0;
  while (time < seconds) {
    const due = budget.choose(measurables, time);
    time += step;
    for (const { name, cost } of measurables.filter((each) => due.has(each.name))) {
      budget.spend(name, cost);
      counts.set(name, (counts.get(name) ?? 0) + 1);
      time += cost;
      measuring += cost;
    }
  }
  return { fraction: measuring / time, counts };
}

const cheap = { name: "cheap", share: 1, cost: 0.0001 };
const dear = { name: "dear", share: 1, cost: 0.3 };

describe("the measuring budget", () => {
  it("spends the fraction that it is given", () => {
    for (const fraction of [0.01, 0.05, 0.2]) {
      const { fraction: spent } = simulate(new Budget(fraction), [cheap, dear], { seconds: 600, step: 0.001 });
      // One dear measurement in 600 s that is not paid for yet.
      expect(Math.abs(spent - fraction)).toBeLessThan(0.3 / 600 + 1e-6);
    }
  });

  it("starves no measurement, however dear", () => {
    const { counts } = simulate(new Budget(0.05), [cheap, dear], { seconds: 600, step: 0.001 });
    // Half of 5 % of 600 s pays for 50 dear ones.
    expect(counts.get("dear")).toBeGreaterThanOrEqual(49);
    expect(counts.get("cheap")).toBeGreaterThan(100_000);
  });

  it("measures everything at the first opportunity", () => {
    expect(new Budget(0.001).choose([cheap, dear], 0)).toEqual(new Set(["cheap", "dear"]));
  });

  it("measures nothing at 0, and everything at 1", () => {
    expect(simulate(new Budget(0), [cheap, dear], { seconds: 1, step: 0.01 }).fraction).toBe(0);
    const { counts } = simulate(new Budget(1), [dear], { seconds: 31, step: 0.01 });
    expect(counts.get("dear")).toBe(100);
  });

  it("measures once on request, even at 0", () => {
    const budget = new Budget(0);
    budget.request();
    expect(budget.choose([dear], 1)).toEqual(new Set(["dear"]));
    expect(budget.choose([dear], 2)).toEqual(new Set());
  });

  it("does not save up during a rest", () => {
    const budget = new Budget(0.05);
    simulate(budget, [dear], { seconds: 10, step: 0.001 });
    budget.choose([dear], 10_000);
    budget.spend("dear", 0.3);
    // 0.3 s are paid for by 6 s, and by nothing of the hours before.
    expect(budget.choose([dear], 10_005.9)).toEqual(new Set());
    expect(budget.choose([dear], 10_006.1)).toEqual(new Set(["dear"]));
  });

  it("takes a first measurement of a high price when it has been paid for, and one of a low price on credit", () => {
    const budget = new Budget(0.05);
    const base = { name: "base", share: 1 };
    const cheaper = { name: "cheaper", share: 1, price: { of: "base", times: 0.5 } };
    const dearer = { name: "dearer", share: 1, price: { of: "base", times: 3 } };
    const all = [base, cheaper, dearer];
    expect(budget.choose(all, 0)).toEqual(new Set(["base"]));
    budget.spend("base", 0.2);
    expect(budget.choose(all, 1)).toEqual(new Set(["cheaper"]));
    budget.spend("cheaper", 0);
    // 0.6 s are paid for at 0.05 of the time, of which 15 % is its own at first and half of the rest: with 0.2 s of the other, by 16 s.
    expect(budget.choose([dearer, base], 15.9).has("dearer")).toBe(false);
    expect(budget.choose([dearer, base], 17.1)).toEqual(new Set(["dearer", "base"]));
    // The next one is paid for in advance as well: 0.6 s by 12 s.
    budget.spend("dearer", 0.6);
    expect(budget.choose([dearer], 29)).toEqual(new Set());
    expect(budget.choose([dearer], 29.2)).toEqual(new Set(["dearer"]));
  });

  it("has taken each dear measurement once before long, cheapest first, though its share is small", () => {
    const base = { name: "base", share: 16, cost: 0.3 };
    const dears = [2, 4, 6].map((times) => ({
      ...{ name: `${times}`, share: 0.15, cost: 0.3 * times },
      price: { of: "base", times },
    }));
    const count = (seconds: number) => simulate(new Budget(0.05), [base, ...dears], { seconds, step: 0.01 }).counts;
    // 15 % of 5 % pays 0.6 s in 80 s, 1.2 s more in 160 s, and 1.8 s more in 240 s, less what their own shares pay.
    expect(["2", "4", "6"].map((name) => count(90).get(name))).toEqual([1, 0, 0]);
    expect(["2", "4", "6"].map((name) => count(250).get(name))).toEqual([1, 1, 0]);
    const later = count(500);
    expect(["2", "4", "6"].map((name) => later.get(name))).toEqual([1, 1, 1]);
    // Two thirds of 5 % of 500 s.
    expect(0.3 * (later.get("base") ?? 0)).toBeGreaterThan((2 / 3) * 25);
  });

  it("measures on request what is not paid for yet", () => {
    const budget = new Budget(0.05);
    budget.request();
    expect(budget.choose([{ name: "dearer", share: 1, price: { of: "base", times: 3 } }], 0)).toEqual(
      new Set(["dearer"]),
    );
  });
});
