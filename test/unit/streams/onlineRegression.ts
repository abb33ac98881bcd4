/** Stochastic gradient descent on linear regression in float64, every example new: what the law of schedules is derived for. */
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import type { Shape } from "./schedules.ts";

const modes = 48;
const labelNoise = 0.5;
const batch = 4;

/**
 * Expected losses ½·E(w·x − y)² along the way, by batches of 4: inputs of variances k^−1.2, targets k^−0.6, and label noise of
 * variance 0.25.
 */
export function onlineRegression(shape: Shape, steps: number, seed: number, peak = 0.25): readonly number[] {
  const generator = xoroshiro128plus(seed);
  const gaussian = () => {
    const [first, second] = [uniformInt(generator, 1, 2 ** 30), uniformInt(generator, 0, 2 ** 30)];
    return Math.sqrt(-2 * Math.log(first / 2 ** 30)) * Math.cos((2 * Math.PI * second) / 2 ** 30);
  };
  const scales = Float64Array.from({ length: modes }, (_, mode) => (mode + 1) ** -0.6);
  const missing = Float64Array.from({ length: modes }, (_, mode) => (mode + 1) ** -0.6);
  const [input, gradient] = [new Float64Array(modes), new Float64Array(modes)];
  return Array.from({ length: steps }, (_, step) => {
    gradient.fill(0);
    const excess = missing.reduce((sum, each, mode) => sum + ((scales[mode] ?? NaN) * each) ** 2, 0);
    for (let example = 0; example < batch; example++) {
      let error = labelNoise * gaussian();
      for (let mode = 0; mode < modes; mode++) {
        input[mode] = (scales[mode] ?? NaN) * gaussian();
        error += (input[mode] ?? NaN) * (missing[mode] ?? NaN);
      }
      for (let mode = 0; mode < modes; mode++) {
        gradient[mode] = (gradient[mode] ?? NaN) + (error * (input[mode] ?? NaN)) / batch;
      }
    }
    for (let mode = 0; mode < modes; mode++) {
      missing[mode] = (missing[mode] ?? NaN) - peak * shape(step) * (gradient[mode] ?? NaN);
    }
    return (labelNoise ** 2 + excess) / 2;
  });
}
