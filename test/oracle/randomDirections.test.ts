import { expect, it } from "vitest";
import { RandomVectors } from "../../src/probe/tfjs/trace/randomVectors.ts";
import { spectralQuadrature } from "../../src/probe/tfjs/trace/spectralQuadrature.ts";

it("directions of neighbouring steps are independent, so that a mean over steps comes nearer to the truth", () => {
  const [steps, dimension] = [400, 10];
  const diagonal = Float64Array.from({ length: dimension }, (_, index) => (index === dimension - 1 ? 2 : 0));
  const product = (vector: Float64Array) => vector.map((element, index) => element * (diagonal[index] ?? 0));
  const found = Array.from({ length: steps }, (_, seed) =>
    spectralQuadrature({ dimension, product }, { directions: 3, products: dimension, seed }),
  );
  const mean = found.reduce((sum, each) => sum + each.mean, 0) / steps;
  // The variance of vᵀAv is 2·Var(eigenvalues)/(n + 2), here 0.06, of which three directions leave a third; three deviations.
  expect(Math.abs(mean - 0.2)).toBeLessThan(3 * Math.sqrt(0.02 / steps));
});

it.each(["signs", "uniform", "normal"] as const)(
  "the first elements of %s of neighbouring seeds are uncorrelated",
  (kind) => {
    const seeds = 2000;
    const first = Array.from({ length: seeds + 1 }, (_, seed) => new RandomVectors(1, seed)[kind]()[0] ?? Number.NaN);
    const correlation =
      first.slice(1).reduce((sum, each, index) => sum + each * (first[index] ?? Number.NaN), 0) /
      first.slice(1).reduce((sum, each) => sum + each * each, 0);
    // One over the root of the count, four times.
    expect(Math.abs(correlation)).toBeLessThan(4 / Math.sqrt(seeds));
  },
);
