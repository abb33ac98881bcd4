import { RunHistory } from "../../../src/theory/history.ts";
import type { LawRun } from "../lawRuns.ts";
import { noisyQuadratic } from "./noisyQuadratic.ts";

const curvatures = Array.from({ length: 20 }, (_, index) => (index + 1) ** -0.7);

/** Gradient descent on a noisy quadratic. @param steps as many as make as many examples, for both */
export function linearRun(batch: number, rate: number, steps: number, seed: number) {
  return noisyQuadratic({
    steps,
    seed,
    batch,
    rate: () => rate,
    curvatures,
    start: curvatures.map(() => 1),
    optimum: curvatures.map(() => 0),
    variances: curvatures,
    every: 10,
  });
}

/** A run, and an earlier one at half the batch and half the learning rate. */
export function linearBatch(): LawRun {
  const history = new RunHistory("an earlier run");
  for (const record of linearRun(4, 0.005, 1000, 1)) history.append(record);
  return { records: linearRun(8, 0.01, 520, 2), earlier: [history.view()] };
}
