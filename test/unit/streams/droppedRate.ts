import { noisyQuadratic, type NoisyQuadratic } from "./noisyQuadratic.ts";

const curvatures = [1, 0.8, 0.5, 0.3, 0.2];

/** A plateau of 800 steps at η = 0.5, then a tenth of that. */
export function droppedRate(more: Partial<NoisyQuadratic>) {
  return noisyQuadratic({
    steps: 1400,
    seed: 2,
    batch: 4,
    rate: (step) => (step < 800 ? 0.5 : 0.05),
    curvatures,
    start: curvatures.map(() => 0.5),
    optimum: curvatures.map(() => 0.3),
    variances: curvatures,
    every: 20,
    ...more,
  });
}
