import { describe, expect, it } from "vitest";
import { Budget, type Measurable } from "../../src/probe/tfjs/budget.ts";

/** Costs in seconds: of each measurement, and of the first if that is another. */
interface Simulated extends Measurable {
  readonly cost: number;
  readonly first?: number;
}

/** A run in simulated time; a step takes `step` seconds of the script's own, a measurement its cost. */
class Run {
  readonly #budget: Budget;
  readonly #all: readonly Simulated[];
  readonly #step: number;
  readonly counts = new Map<string, number>();
  /** Names of those measured, in order. */
  readonly order: string[] = [];
  readonly spent = new Map<string, number>();
  time = 0;
  measuring = 0;

  /** Seconds that the script itself has run. */
  get own(): number {
    return this.time - this.measuring;
  }

  constructor(budget: Budget, all: readonly Simulated[], step: number) {
    this.#budget = budget;
    this.#all = all;
    this.#step = step;
  }

  /** Goes on until so many seconds have passed. */
  until(seconds: number): this {
    while (this.time < seconds) this.step();
    return this;
  }

  step(): void {
    const due = this.#budget.choose(() => this.#all, this.own);
    this.time += this.#step;
    for (const each of this.#all) {
      const { name, cost, first = cost } = each;
      if (!due.has(name)) continue;
      const count = this.counts.get(name) ?? 0;
      const seconds = count === 0 ? first : cost;
      this.#budget.spend(each, seconds);
      this.counts.set(name, count + 1);
      this.order.push(name);
      this.spent.set(name, (this.spent.get(name) ?? 0) + seconds);
      this.time += seconds;
      this.measuring += seconds;
    }
  }
}

const cheap: Simulated = { name: "cheap", price: "cheap", cost: 0.0001 };
const sharpness: Simulated = { name: "sharpness", price: "sharpness", cost: 0.02, first: 0.2 };
const dear: readonly Simulated[] = [0.5, 1, 2, 6].map((price) => ({ name: `${price}`, price, cost: 0.2 * price }));
const all = [cheap, sharpness, ...dear];

describe("the measuring budget", () => {
  it.each([0.01, 0.05, 0.2])("spends the fraction %d that it is given", (fraction) => {
    const run = new Run(new Budget(fraction), all, 0.004).until(600);
    // The dearest may just have been taken or be about to.
    expect(Math.abs(run.measuring - fraction * run.own)).toBeLessThan(1.3);
  });

  it("spends what it is given where a step is so long that several dear ones are paid for in it", () => {
    const run = new Run(new Budget(0.2), all, 2).until(600);
    // Between 0.4 s a step, and what all of them together cost, which may be saved or owed.
    expect(Math.abs(run.measuring - 0.2 * run.own)).toBeLessThan(2.2);
  });

  it("measures at every step what is cheap, where the budget affords it", () => {
    const run = new Run(new Budget(0.05), all, 0.02).until(100);
    // 1 ms is earned a step, of which a sixth at least is for the 0.1 ms of the cheap one.
    expect(run.counts.get("cheap")).toBeGreaterThan(0.99 * ((0.95 * 100) / 0.02));
  });

  it("gives what is cheap, where the budget does not afford it at every step, a part only", () => {
    const run = new Run(new Budget(0.05), all, 0.001).until(150);
    // A sixth while the first sharpness is paid off, then a fifth.
    expect(run.spent.get("cheap")).toBeGreaterThan(0.16 * run.measuring);
    expect(run.spent.get("cheap")).toBeLessThan(0.21 * run.measuring);
  });

  it("gives the sharpness half of what the cheap ones leave, and the dear ones the other half", () => {
    const run = new Run(new Budget(0.05), all, 0.005).until(400);
    const left = run.measuring - (run.spent.get("cheap") ?? 0);
    // The dearest may just have been taken or be about to, and the first sharpness is paid off by the side.
    expect(Math.abs((run.spent.get("sharpness") ?? 0) - 0.5 * left)).toBeLessThan(0.8);
  });

  it("does not let the sharpness wait for a dear one", () => {
    const alone = new Run(new Budget(0.05), [cheap, sharpness], 0.001).until(20);
    const among = new Run(new Budget(0.05), all, 0.001).until(20);
    // Beside the cheap one and the loan it gets two of four parts alone, two of six among others; of five once that is paid off.
    expect(among.counts.get("sharpness")).toBeGreaterThan(0.6 * (alone.counts.get("sharpness") ?? 0));
  });

  it("goes on measuring the sharpness while its dear first measurement is being paid off", () => {
    const run = new Run(new Budget(0.05), all, 0.001).until(3);
    // Of 0.15 s earned a third pays for two of them and more, and a sixth goes into the 0.2 s of the first.
    expect(run.counts.get("sharpness")).toBeGreaterThanOrEqual(3);
  });

  it("takes nothing on credit but what is cheap and the first sharpness", () => {
    const run = new Run(new Budget(0.05), all, 0.001);
    run.step();
    expect(run.order).toEqual(["cheap", "sharpness"]);
  });

  it.each([2, 5, 10, 20])("never holds up a run of %d seconds by more than its part and the first sharpness", (end) => {
    const run = new Run(new Budget(0.05), all, 0.001);
    while (run.time < end) {
      run.step();
      // One sharpness and one cheap one are on credit as well.
      expect(run.measuring).toBeLessThan(0.05 * run.own + 0.2 + 0.02 + 0.001);
    }
  });

  it("takes the dear ones when they have been paid for, the cheapest first and the dearest last, and none too late", () => {
    const run = new Run(new Budget(0.05), all, 0.005).until(600);
    const firsts = [...new Set(run.order)].filter((name) => !Number.isNaN(Number(name)));
    expect(firsts).toEqual(["0.5", "1", "2", "6"]);
    const counts = ["0.5", "1", "2", "6"].map((name) => run.counts.get(name) ?? 0);
    expect(counts[3]).toBeGreaterThanOrEqual(2);
    // Rates go as 1/√cost: √12 times as many of the cheapest as of the dearest.
    expect((counts[0] ?? 0) / (counts[3] ?? 0)).toBeGreaterThan(2.5);
    expect((counts[0] ?? 0) / (counts[3] ?? 0)).toBeLessThan(6);
  });

  it("is not stalled by a first measurement that turns out dearer than its price: later ones wait until it is paid for", () => {
    const surprising = { name: "surprising", price: 0.5, cost: 3 };
    const run = new Run(new Budget(0.05), [sharpness, surprising], 0.001).until(300);
    expect(Math.abs(run.measuring - 0.05 * run.own)).toBeLessThan(3.1);
    expect(run.spent.get("sharpness")).toBeGreaterThan(0.5 * 0.05 * 300 - 0.5);
  });

  it("saves up for one that may take far longer than the last time", () => {
    const sampled: Simulated = { name: "sampled", price: 0.5, cost: 0.001, leastCost: 3 };
    const run = new Run(new Budget(0.05), [sharpness, ...dear, sampled], 0.005).until(600);
    // As cheap as its looks are it would come round first, and hundreds of times.
    const firsts = [...new Set(run.order)].filter((name) => name !== "sharpness");
    expect(firsts).toEqual(["0.5", "1", "2", "6", "sampled"]);
    expect(run.counts.get("sampled")).toBeLessThan(run.counts.get("0.5") ?? 0);
  });

  it("measures nothing at 0, and everything at every step at 1", () => {
    expect(new Run(new Budget(0), all, 0.01).until(1).measuring).toBe(0);
    const run = new Run(new Budget(1), all, 0.01);
    for (let step = 0; step < 20; step++) run.step();
    expect(all.map(({ name }) => run.counts.get(name))).toEqual(all.map(() => 20));
  });

  it.each([0, 0.05])(
    "measures everything on request at once, dear or not, at a fraction of %d, and only once",
    (fraction) => {
      const budget = new Budget(fraction);
      const run = new Run(budget, all, 0.001).until(10);
      budget.request();
      const before = run.order.length;
      run.step();
      expect(new Set(run.order.slice(before))).toEqual(new Set(all.map(({ name }) => name)));
      for (let step = 0; step < 10; step++) run.step();
      expect(run.counts.get("6")).toBe(1);
    },
  );

  it("pays for a request like for anything else", () => {
    const budget = new Budget(0.05);
    const run = new Run(budget, all, 0.004).until(10);
    budget.request();
    run.until(200);
    expect(Math.abs(run.measuring - 0.05 * run.own)).toBeLessThan(1.3);
  });

  it("does not save up during a rest", () => {
    const budget = new Budget(0.05);
    const run = new Run(budget, all, 0.001).until(30);
    run.time = 10_000;
    const before = run.measuring;
    run.until(10_020);
    // Each may be due once at first; after that as ever.
    const once = all.reduce((sum, { cost }) => sum + cost, 0);
    expect(run.measuring - before).toBeLessThan(0.05 * 20 + once);
  });

  it("obeys at once when the fraction is changed", () => {
    const budget = new Budget(0.2);
    const run = new Run(budget, all, 0.004).until(60);
    budget.fraction = 0.02;
    const [then, spent] = [run.own, run.measuring];
    run.until(360);
    expect(Math.abs(run.measuring - spent - 0.02 * (run.own - then))).toBeLessThan(1.3);
    budget.fraction = 0;
    const order = run.order.length;
    run.until(400);
    expect(run.order.length).toBe(order);
  });

  it("goes on as ever when the fraction has been 1 for a while", () => {
    const budget = new Budget(1);
    const run = new Run(budget, all, 0.004).until(100);
    budget.fraction = 0.05;
    const [then, spent] = [run.own, run.measuring];
    const counts = new Map(run.counts);
    run.until(run.time + 400);
    // Nothing is owed for the time before; the dearest may just have been taken or be about to.
    expect(Math.abs(run.measuring - spent - 0.05 * (run.own - then))).toBeLessThan(1.3);
    for (const { name } of all) expect(run.counts.get(name)).toBeGreaterThan(counts.get(name) ?? 0);
  });

  it("chooses again what it has chosen and was not measured", () => {
    const budget = new Budget(0.05);
    const names = new Set(["cheap", "sharpness"]);
    for (const time of [0, 0.001, 0.002]) expect(budget.choose(() => all, time)).toEqual(names);
    budget.spend(cheap, 0.0001);
    budget.spend(sharpness, 0.2);
    expect(budget.choose(() => all, 0.0021)).toEqual(new Set(["sharpness"]));
    expect(budget.choose(() => all, 0.0022)).toEqual(new Set(["sharpness"]));
  });

  it("takes back what was counted too much", () => {
    const budget = new Budget(0.1);
    budget.choose(() => [cheap], 0);
    budget.spend(cheap, 1);
    budget.spend(cheap, -0.9);
    expect(budget.choose(() => [cheap], 0.99).size).toBe(0);
    expect(budget.choose(() => [cheap], 1.01).size).toBe(1);
  });

  it("does not ask what could be measured where nothing can be paid for", () => {
    const budget = new Budget(0.01);
    let asked = 0;
    const ask = () => {
      asked++;
      return [cheap];
    };
    budget.choose(ask, 0);
    budget.spend(cheap, 0.001);
    budget.choose(ask, 0.001);
    // 1 ms is paid for by 100 ms.
    for (let step = 2; step < 100; step++) budget.choose(ask, 0.001 * step);
    expect(asked).toBe(2);
    expect(budget.choose(ask, 0.102)).toEqual(new Set(["cheap"]));
  });
});
