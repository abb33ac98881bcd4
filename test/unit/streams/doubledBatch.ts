import { RunHistory } from "../../../src/theory/history.ts";
import type { LawRun } from "../lawRuns.ts";
import { noisyQuadratic } from "./noisyQuadratic.ts";

const curvatures = Array.from({ length: 20 }, (_, index) => (index + 1) ** -0.7);

function trained(batch: number, rate: number, seed: number) {
  return noisyQuadratic({
    steps: 400,
    seed,
    batch,
    rate: () => rate,
    curvatures,
    start: curvatures.map(() => 1),
    optimum: curvatures.map(() => 0),
    variances: curvatures,
    every: 3,
  });
}

/** A run, and an earlier one at half the batch, with rates that suit their batches at a noise scale of about 5. */
export function doubledBatch(): LawRun {
  const history = new RunHistory("an earlier run");
  for (const record of trained(4, 0.005, 1)) history.append(record);
  return { records: trained(8, 0.007, 2), earlier: [history.view()] };
}
