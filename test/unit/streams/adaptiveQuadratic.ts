import type { HistoryRecord } from "../../../src/theory/history.ts";
import type { OptimizerSetting } from "../../../src/theory/hyperparameters/batchTransfer.ts";
import { gaussians } from "../../oracle/tinyNetwork.ts";
import { measured, opening } from "../theoryStreams.ts";

export interface AdaptiveQuadratic {
  readonly setting: OptimizerSetting;
  readonly batch: number;
  readonly steps: number;
  readonly seed: number;
  /** Standard deviation of an example's gradient in each of the directions. */
  readonly noise?: number;
}

/**
 * Adam in float64 on ½·Σ h·w² of 40 directions, curvatures from 1 down to 0.05, with Gaussian gradient noise of variance s²/B: what a
 * probe would have recorded of it.
 */
export function adaptiveQuadratic({ setting, batch, steps, seed, noise = 4 }: AdaptiveQuadratic): HistoryRecord[] {
  const next = gaussians(seed);
  const size = 40;
  const curvatures = Float64Array.from({ length: size }, (_, index) => 1 / (1 + index / 2));
  const weights = new Float64Array(size).fill(1);
  const [first, second] = [new Float64Array(size), new Float64Array(size)];
  const { learningRate: rate, beta1 = 0, beta2 = 0, epsilon = 0 } = setting;
  const records: HistoryRecord[] = [
    { t: "model", step: 0, id: "m", modules: [], parameters: size },
    ...opening({ kind: "adam", group: setting, batch, examples: 1e6 }),
  ];
  for (let step = 0; step < steps; step++) {
    let [loss, signal] = [0, 0];
    for (let index = 0; index < size; index++) {
      const [curvature, weight] = [curvatures[index] ?? NaN, weights[index] ?? NaN];
      loss += (curvature * weight ** 2) / 2;
      signal += (curvature * weight) ** 2;
      const gradient = curvature * weight + (noise / Math.sqrt(batch)) * next();
      first[index] = beta1 * (first[index] ?? NaN) + (1 - beta1) * gradient;
      second[index] = beta2 * (second[index] ?? NaN) + (1 - beta2) * gradient ** 2;
      const root = Math.sqrt((second[index] ?? NaN) / (1 - beta2 ** (step + 1))) + epsilon;
      weights[index] = weight - (rate * (first[index] ?? NaN)) / (1 - beta1 ** (step + 1)) / root;
    }
    records.push({
      t: "step",
      step,
      values: { "loss/train": loss * (1 + 0.05 * next()), "optimizer/learningRate": rate, "batch/size": batch },
    });
    if (step % 5 === 0) {
      records.push(measured(step, { "gradient/noise": size * noise ** 2, "gradient/signal": signal }));
    }
  }
  return [...records, { t: "end", step: steps, how: "finished" }];
}
