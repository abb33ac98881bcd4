import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { describe, expect, it } from "vitest";
import { UnseenCosts } from "../../src/probe/tfjs/unseenCosts.ts";

const step = 0.001;
/** What was timed as measuring. */
const timed = 0.4 * step;

/** Mean charge of a measured step, where every fourth is one; `own` gives what the script takes, `unseen` is what measuring adds. */
function meanCharge(own: (index: number) => number, unseen: number, steps = 4000): number {
  const costs = new UnseenCosts();
  let charged = 0;
  for (let index = 0; index < steps; index++) {
    if (index % 4 === 3) charged += costs.of("light", own(index) + unseen, timed);
    else costs.addPlain(own(index));
  }
  return charged / (steps / 4);
}

/** Uniform between 0 and 1, the same in every run. */
function noise(): () => number {
  const generator = xoroshiro128plus(7);
  return () => uniformFloat64(generator);
}

describe("costs of measuring that nobody times", () => {
  it("are what steps with measurements take longer than those without, noise or not", () => {
    const random = noise();
    const charge = meanCharge(() => step * (0.8 + 0.4 * random()), 0.3 * step);
    // A mean of 32 steps whose standard deviation is 0.12 steps is off by 0.02 steps, and not at all in the long run.
    expect(charge / step).toBeGreaterThan(0.27);
    expect(charge / step).toBeLessThan(0.33);
  });

  it("are none where a script's steps only differ among themselves", () => {
    const random = noise();
    // Batches of any size, and now and then the end of an epoch that takes as long as fifty steps.
    const charge = meanCharge(() => step * (0.5 + random()) + (random() < 0.01 ? 50 * step : 0), 0);
    // The mean of 1000 steps with a standard deviation of 0.3 and rare outliers that count as three steps.
    expect(Math.abs(charge / step)).toBeLessThan(0.03);
  });

  it("follow a script that becomes slower without taking it for their own", () => {
    const charge = meanCharge((index) => (index < 2000 ? step : 3 * step), 0);
    expect(Math.abs(charge / step)).toBeLessThan(0.02);
  });

  it("are also what the steps after one with measurements take longer than those that come later", () => {
    const random = noise();
    const costs = new UnseenCosts();
    const period = 24;
    const wakes = [0.25, 0.1, ...Array.from({ length: 14 }, () => 0.05)];
    let [charged, measured] = [0, 0];
    for (let index = 0; index < 40_000; index++) {
      const own = step * (0.8 + 0.4 * random());
      const after = index % period;
      if (after !== 0) costs.addPlain(own + step * (wakes[after - 1] ?? 0));
      // The means need some hundred steps to become what they are.
      else if (index < 8000) costs.of("light", own, timed);
      else {
        charged += costs.of("light", own, timed);
        measured++;
      }
    }
    // A mean over 1300 measured steps whose standard deviation is 0.12 steps is off by 0.003 of the 1.05 steps; against all other steps, those of the wake
    // among them, it would be 0.04 too little.
    const all = wakes.reduce((sum, each) => sum + each, 0);
    expect(charged / measured / step).toBeGreaterThan(0.97 * all);
    expect(charged / measured / step).toBeLessThan(1.03 * all);
  });

  it("take back at most half of what was timed", () => {
    const charge = meanCharge(() => step, -0.5 * step);
    expect(charge).toBeGreaterThanOrEqual(-0.5 * timed);
    expect(charge).toBeLessThan(-0.45 * timed);
  });

  it("are none where it is not known how long a step takes without measurements", () => {
    const costs = new UnseenCosts();
    for (let index = 0; index < 100; index++) expect(costs.of("recorded", index, timed)).toBe(0);
  });

  it("are forgotten where every step has been measured for long", () => {
    const costs = new UnseenCosts();
    for (let index = 0; index < 20; index++) costs.addPlain(step);
    for (let index = 0; index < 100; index++) costs.of("light", 1.5 * step, timed);
    expect(costs.of("light", 1.5 * step, timed)).toBeGreaterThan(0.4 * step);
    for (let index = 0; index < 300; index++) costs.of("light", 1.5 * step, timed);
    expect(costs.of("light", 1.5 * step, timed)).toBeLessThan(0.01 * step);
  });

  it("are of a recorded step's and another's own kind", () => {
    const costs = new UnseenCosts();
    for (let index = 0; index < 20; index++) costs.addPlain(step);
    for (let index = 0; index < 100; index++) costs.of("recorded", 2 * step, timed);
    expect(costs.of("light", step, timed)).toBeCloseTo(0, 12);
  });
});
