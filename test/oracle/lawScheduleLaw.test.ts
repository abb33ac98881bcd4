import { describe, expect, it } from "vitest";
import { quantile } from "../../src/theory/bootstrap.ts";
import { halfWidth } from "../../src/theory/empirical/scheduleLaw.ts";
import { fitSchedules, scheduleLosses, type LossCurve } from "../../src/theory/empirical/scheduleFit.ts";
import {
  curveOf,
  fittedByThem,
  publishedLosses,
  publishedParameters,
  scheduleNames,
  warmup,
} from "./scheduleCurves.ts";
import { haveRealData, whereAbsent } from "./support/realData.ts";

/** At most 80 points of a curve, from two warmups on: before that, runs that differ in their seed alone differ by 0.01. */
function thinned({ schedule, steps, losses }: LossCurve): LossCurve {
  const first = steps.findIndex((step) => step >= 2 * warmup);
  const stride = Math.max(1, Math.floor((steps.length - first) / 80));
  const kept = (_: number, index: number) => index >= first && (steps.length - 1 - index) % stride === 0;
  return { schedule, steps: steps.filter(kept), losses: losses.filter(kept) };
}

interface Score {
  readonly meanError: number;
  readonly finalError: number;
}

function scoreOf(curve: LossCurve, forecast: readonly number[]): Score {
  const errors = forecast.map((loss, index) => loss - (curve.losses[index] ?? NaN));
  return {
    meanError: errors.reduce((sum, error) => sum + Math.abs(error), 0) / errors.length,
    finalError: errors.at(-1) ?? NaN,
  };
}

function largest(values: readonly number[]): number {
  return Math.max(...values.map(Math.abs));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe.each(["25M", "100M"] as const)("the loss of a language model of %s parameters", (size) => {
  describe.skipIf(!haveRealData)(`under nine schedules${whereAbsent}`, () => {
    const curves = haveRealData ? scheduleNames.map((name) => curveOf(size, name)) : [];
    const forecastsFrom = (fitted: readonly string[]) => {
      const fit = fitSchedules(curves.filter(({ name }) => fitted.includes(name)).map(thinned));
      const others = curves.filter(({ name }) => !fitted.includes(name));
      return fit && others.map((curve) => scoreOf(curve, scheduleLosses(fit.law, curve.schedule, curve.steps)));
    };

    it("is the published law's with the published parameters but at the end of decays, where that is worst", () => {
      const scores = curves
        .filter(({ name }) => !fittedByThem.includes(name))
        .map((curve) => scoreOf(curve, publishedLosses(curve, publishedParameters[size])));
      console.log(
        `${size}, as published: final-loss errors ${scores.map(({ finalError }) => finalError.toFixed(4)).join(", ")}`,
      );
      expect(largest(scores.map(({ finalError }) => finalError))).toBeGreaterThan(
        { "25M": 0.007, "100M": 0.012 }[size],
      );
    });

    it("is forecast for seven schedules from two branches of one trunk, to 0.006 along each and 0.01 at each end", () => {
      // The cheapest two: one learning rate that drops and stays, one that falls to the end.
      const scores = forecastsFrom(["wsdcon_9", "wsdld_20000_24000"]) ?? [];
      const along = scores.map(({ meanError }) => meanError);
      const ends = scores.map(({ finalError }) => finalError);
      console.log(
        `${size}: mean absolute error ${mean(along).toFixed(4)} (largest ${largest(along).toFixed(4)}), final-loss error ${mean(ends.map(Math.abs)).toFixed(4)} (largest ${largest(ends).toFixed(4)})`,
      );
      expect(scores).toHaveLength(7);
      expect(largest(along)).toBeLessThan(0.006);
      expect(largest(ends)).toBeLessThan(0.01);
    });

    it("is forecast nearly as well from most other pairs of schedules, and not at all from two constant ones", () => {
      expect(forecastsFrom(["constant_24000", "constant_72000"])).toBeUndefined();
      const pairs = [
        ["wsdcon_3", "wsdld_20000_24000"],
        ["wsd_20000_24000", "wsdcon_9"],
        ["constant_24000", "wsdcon_3"],
        ["constant_72000", "wsd_20000_24000"],
        ["constant_24000", "cosine_24000"],
        ["cosine_24000", "wsdcon_9"],
        ["cosine_72000", "wsd_20000_24000"],
        ["cosine_72000", "wsdcon_18"],
      ];
      const all = pairs.map((pair) => forecastsFrom(pair) ?? []);
      const errors = all.map((scores) => mean(scores.map(({ meanError }) => meanError)));
      const ends = all.flatMap((scores) => scores.map(({ finalError }) => Math.abs(finalError)));
      console.log(
        `${size}, eight pairs: mean absolute errors ${errors.map((error) => error.toFixed(4)).join(", ")}; final-loss error: median ${quantile(ends, 0.5).toFixed(4)}, 90 % below ${quantile(ends, 0.9).toFixed(4)}`,
      );
      expect(quantile(errors, 0.5)).toBeLessThan(0.006);
      expect(quantile(ends, 0.5)).toBeLessThan(0.006);
    });

    it("is forecast at its end from two whole curves and half of its own, with intervals of which 70 to 95 % hold", () => {
      const held: boolean[] = [];
      for (const pair of [
        ["wsdcon_9", "wsdld_20000_24000"],
        ["constant_24000", "wsdcon_3"],
        ["cosine_24000", "constant_72000"],
      ]) {
        const whole = curves.filter(({ name }) => pair.includes(name)).map(thinned);
        for (const curve of curves.filter(({ name }) => !pair.includes(name))) {
          const last = curve.steps.at(-1) ?? NaN;
          const half = curve.steps.filter((step) => step <= last / 2).length;
          const begun = thinned({ ...curve, steps: curve.steps.slice(0, half), losses: curve.losses.slice(0, half) });
          const fit = fitSchedules([...whole, begun]);
          const [central = NaN] = fit === undefined ? [] : scheduleLosses(fit.law, curve.schedule, [last]);
          const relative = (curve.losses.at(-1) ?? NaN) / central - 1;
          held.push(Math.abs(relative) <= halfWidth(fit?.error ?? NaN, 0));
        }
      }
      const coverage = held.filter(Boolean).length / held.length;
      console.log(`${size}: ${(100 * coverage).toFixed(0)} % of ${held.length} final losses in their intervals`);
      expect(coverage).toBeGreaterThanOrEqual(0.7);
      expect(coverage).toBeLessThanOrEqual(0.95);
    });
  });
});
