import { visitParts } from "./batchParts.ts";
import type { Observable } from "./observable.ts";
import { ratioOfMeans } from "./ratioOfMeans.ts";
import { squaredNorm } from "./vectors.ts";

/** Measurements that the ratio is taken over: more would be of other weights. */
const longestWindow = 100;
/** Fewer say nothing certain about the spread of either side of the ratio. */
const fewestMeasurements = 10;

/**
 * Gradient noise scale tr Σ/|G|² (McCandlish et al. 2018, eq. 2.8 and appendix A.1), Σ the covariance of an example's gradient and
 * G its mean: the batch size, in examples, at which noise and signal are equal.
 *
 * `gradient/noise`: unbiased estimate of tr Σ at this step, from the spread of micro-batches of the same weights.
 * `gradient/signal`: unbiased estimate of |G|², which may be negative.
 * `gradient/noiseScale`: mean of the one over mean of the other, over the last measurements, with the ends of its interval of
 * 95 % confidence as `…/low` and `…/high`. The interval treats measurements as independent.
 */
export function noiseScale(): Observable {
  const window: (readonly [number, number])[] = [];
  return {
    name: "gradient/noiseScale",
    price: 0.7,
    record: "measure",
    needsTrace: true,
    needsWeights: false,
    applies: () => true,
    measure(step) {
      if (step.trace === undefined) return undefined;
      const { batch, parts } = visitParts(step.trace, step, () => undefined);
      const spread = parts.reduce((sum, { examples, squaredDeviation }) => sum + examples * squaredDeviation, 0);
      const noise = spread / (parts.length - 1);
      const signal = squaredNorm(step.trace.gradient()) - noise / batch;
      window.push([noise, signal]);
      if (window.length > longestWindow) window.shift();
      const ratio = window.length < fewestMeasurements ? undefined : ratioOfMeans(window);
      return {
        values: {
          "gradient/noise": noise,
          "gradient/signal": signal,
          ...(ratio !== undefined && {
            "gradient/noiseScale": ratio.value,
            "gradient/noiseScale/low": ratio.low,
            "gradient/noiseScale/high": ratio.high,
          }),
        },
        ...(ratio !== undefined && {
          error: { "gradient/noiseScale": Math.max(ratio.high - ratio.value, ratio.value - ratio.low) },
        }),
        method: `${parts.length} micro-batches of the same weights; ratio of the means of ${window.length} measurements`,
      };
    },
  };
}
