import { gaussians } from "./tinyNetwork.ts";

/** tr Σ/|G|² of a gradient of so many dimensions, and the batches by which it is estimated. */
export const noisyGradient = { scale: 179.8, dimensions: 100, small: 8, large: 256 };

/** At each step, tr Σ and |G|² = 1 by the squared norms of gradients over a small and a large batch (McCandlish et al. 2018, app. A.1), in float64. */
export function noiseEstimates(steps: number, seed: number) {
  const { scale, dimensions, small, large } = noisyGradient;
  const next = gaussians(seed);
  const squaredNorm = (batch: number) => {
    let sum = 0;
    for (let index = 0; index < dimensions; index++) {
      sum += (1 / Math.sqrt(dimensions) + Math.sqrt(scale / dimensions / batch) * next()) ** 2;
    }
    return sum;
  };
  return Array.from({ length: steps }, () => {
    const [ofSmall, ofLarge] = [squaredNorm(small), squaredNorm(large)];
    return {
      noise: (ofSmall - ofLarge) / (1 / small - 1 / large),
      signal: (large * ofLarge - small * ofSmall) / (large - small),
    };
  });
}
