import { scheduleOf } from "../../src/theory/empirical/schedule.ts";
import type { LossCurve } from "../../src/theory/empirical/scheduleFit.ts";
import { realTable } from "./support/realData.ts";

const peak = 3e-4;
export const warmup = 2160;

export const scheduleNames = [
  "constant_24000",
  "constant_72000",
  "cosine_24000",
  "cosine_72000",
  "wsd_20000_24000",
  "wsdld_20000_24000",
  "wsdcon_3",
  "wsdcon_9",
  "wsdcon_18",
] as const;

export interface RealCurve extends LossCurve {
  readonly name: string;
  readonly rates: Float64Array;
}

/** A curve with its learning rate at every step: a linear warmup to the first recorded step, straight lines between recorded ones. */
export function curveOf(size: string, name: string): RealCurve {
  const rows = realTable(`schedules/${size}/${name}.csv`).map(({ step = NaN, lr = NaN, loss = NaN }) => ({
    step,
    lr,
    loss,
  }));
  const last = rows.at(-1)?.step ?? NaN;
  const rates = new Float64Array(last + 1).fill(peak);
  for (let step = 0; step < warmup; step++) rates[step] = (peak * (step + 1)) / warmup;
  rows.forEach(({ step, lr }, row) => {
    const before = rows[row - 1];
    rates[step] = lr;
    if (before === undefined) return;
    // The one kind of schedule that jumps, at least by two fifths, does so at a recorded step; the others have no kinks between them.
    const slope = lr < 0.7 * before.lr ? 0 : (lr - before.lr) / (step - before.step);
    for (let between = before.step; between < step; between++)
      rates[between] = before.lr + slope * (between - before.step);
  });
  const schedule = scheduleOf((step) => rates[step] ?? NaN, last + 1);
  if (schedule === undefined) throw new Error(`${name} has no schedule.`);
  return { name, rates, schedule, steps: rows.map(({ step }) => step), losses: rows.map(({ loss }) => loss) };
}

/** Luo et al. 2025, eq. 3 as their code sums it, step by step, rises of the warmup, which is from zero, counted as negative drops. */
export function publishedLosses(
  curve: RealCurve,
  [l0, a, alpha, b, c, beta, gamma]: readonly [number, number, number, number, number, number, number],
): number[] {
  const rates = curve.rates.map((rate, step) => (step < warmup ? (peak * step) / (warmup - 1) : rate));
  const sums = new Float64Array(rates.length);
  rates.forEach((rate, step) => (sums[step] = (sums[step - 1] ?? 0) + rate));
  const moved = [...rates.keys()].filter((step) => step > 0 && rates[step] !== rates[step - 1]);
  return curve.steps.map((step) => {
    let drop = 0;
    for (const at of moved) {
      if (at > step) break;
      const x = (rates[at] ?? NaN) ** -gamma * ((sums[step] ?? NaN) - (sums[at - 1] ?? NaN));
      drop += ((rates[at - 1] ?? NaN) - (rates[at] ?? NaN)) * (1 - (1 + c * x) ** -beta);
    }
    return l0 + a * (sums[step] ?? NaN) ** -alpha - b * drop;
  });
}

export const publishedParameters = {
  "25M": [3.04045406, 0.52468604, 0.50786857, 363.78751622, 2.06560812, 0.58279013, 0.64142257],
  "100M": [2.6514477, 0.60115152, 0.45295811, 437.9464276, 2.13245612, 0.59785199, 0.65523644],
} as const;

/** What Luo et al. 2025 fitted: cosine, constant and one two-stage schedule. */
export const fittedByThem: readonly string[] = ["cosine_24000", "constant_24000", "wsdcon_9"];
