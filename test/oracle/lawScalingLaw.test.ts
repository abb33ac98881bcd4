import { describe, expect, it } from "vitest";
import { bootstrap, intervalOf, quantile } from "../../src/theory/bootstrap.ts";
import { scalingForecaster } from "../../src/theory/empirical/scalingForecast.ts";
import { computeOptimum, fitScaling, type ScalingLaw } from "../../src/theory/empirical/scalingFit.ts";
import { skillOf, weightedLine } from "../../src/theory/score.ts";
import { chinchilla } from "./support/chinchilla.ts";
import { haveRealData, whereAbsent } from "./support/realData.ts";

describe.skipIf(!haveRealData)(`the scaling law on the runs of Hoffmann et al. 2022${whereAbsent}`, () => {
  const runs = haveRealData ? chinchilla() : [];
  const fit = fitScaling(runs);

  it("has a bootstrap interval of the compute-optimal ratio with the published one in it, and not that of Hoffmann et al.", () => {
    const laws = bootstrap(runs, 60, "scaling law", (sample) => fitScaling(sample, fit?.law)?.law);
    expect(laws.length).toBeGreaterThan(55);
    const ratio = (law: ScalingLaw) => {
      const optimum = computeOptimum(law, 5.76e23);
      return optimum.examples / optimum.parameters;
    };
    const ratios = intervalOf(laws.map(ratio), 50);
    expect(ratios?.low).toBeLessThan(17.9);
    expect(ratios?.high).toBeGreaterThan(18.4);
    // Hoffmann's own rounded parameters give 92.6, and are excluded.
    expect(ratios?.high).toBeLessThan(60);
    console.log(
      `compute-optimal tokens per parameter at 5.76e23 FLOP: ${ratios?.low.toFixed(1)} … ${ratios?.high.toFixed(1)}`,
    );
  });

  it("forecasts the largest fifth of the runs from the smaller ones, with intervals of which 70 to 90 % hold", () => {
    const [small, large] = [runs.slice(0, 192), runs.slice(192)];
    const line = weightedLine(
      small.map((run) => ({ x: Math.log(run.parameters * run.examples), y: Math.log(run.loss), weight: 1 })),
    );
    const forecast = scalingForecaster(small);
    const scored = large.map((run) => {
      const made = forecast?.(run);
      const compute = Math.log(run.parameters * run.examples);
      const baselines = [
        { kind: "loss of the largest run before", value: small.at(-1)?.loss ?? NaN },
        {
          kind: "straight line in log–log",
          value: Math.exp((line?.intercept ?? NaN) + (line?.slope ?? NaN) * compute),
        },
      ];
      return {
        held: made !== undefined && run.loss >= made.low && run.loss <= made.high,
        error: Math.abs(run.loss - (made?.central ?? NaN)),
        skill: skillOf(made?.central ?? NaN, baselines, run.loss),
      };
    });
    const coverage = scored.filter(({ held }) => held).length / scored.length;
    const error = scored.reduce((sum, each) => sum + each.error, 0) / scored.length;
    const skill = quantile(
      scored.map((each) => each.skill),
      0.5,
    );
    console.log(
      `48 largest of 240 runs: mean error ${error.toFixed(4)}, ${(100 * coverage).toFixed(0)} % in their intervals, median skill ${skill.toFixed(2)}`,
    );
    expect(coverage).toBeGreaterThanOrEqual(0.7);
    expect(coverage).toBeLessThanOrEqual(0.9);
    expect(error).toBeLessThan(0.03);
    expect(skill).toBeGreaterThan(0.5);
  });
});
