import { Matrix } from "ml-matrix";
import type { HistoryRecord } from "../../../src/theory/history.ts";
import { chebyshev, largestEigenvalue, tinyNetwork } from "../../oracle/tinyNetwork.ts";
import { measured, opening } from "../theoryStreams.ts";

export interface FirstSteps {
  readonly seed: number;
  readonly steps: number;
  /** Of the learning rate: that at which ηS/c is one at initialization is 1. */
  readonly rate: (step: number) => number;
  readonly momentum?: number;
  readonly every?: number;
}

/** The first steps of a small network on its whole data set in float64, learning rates in units of the largest stable one at step 0. */
export function firstSteps({ seed, steps, rate, momentum = 0, every = 10 }: FirstSteps): HistoryRecord[] {
  const { inputs, targets } = chebyshev(16);
  const network = tinyNetwork([1, 12, 1], inputs, targets);
  let weights = network.initial(seed);
  let velocity = weights.map(() => 0);
  const sharpness = () => {
    const hessian = network.hessian(weights);
    return hessian.to2DArray().flat().every(Number.isFinite) ? largestEigenvalue(new Matrix(hessian)) : NaN;
  };
  const limit = (2 * (1 + momentum)) / sharpness();
  const group = { learningRate: rate(0) * limit, ...(momentum > 0 && { momentum }) };
  const records: HistoryRecord[] = opening({ kind: momentum > 0 ? "momentum" : "sgd", group, batch: 16, examples: 16 });
  let moves = false;
  for (let step = 0; step < steps; step++) {
    if (rate(step) !== rate(0) && !moves) {
      moves = true;
      const again = opening({ kind: "sgd", group: { ...group, learningRate: rate(step) * limit } });
      for (const record of again) if (record.t === "optimizer") records.push({ ...record, step, schedule: "moves" });
    }
    const eta = rate(step) * limit;
    const gradient = network.gradient(weights);
    records.push({ t: "step", step, values: { "loss/train": network.loss(weights), "optimizer/learningRate": eta } });
    if (step % every === 0) records.push(measured(step, { "sharpness/batch": sharpness() }));
    velocity = velocity.map((each, index) => momentum * each + (gradient[index] ?? NaN));
    weights = weights.map((each, index) => each - eta * (velocity[index] ?? NaN));
    if (!weights.every(Number.isFinite)) break;
  }
  return [...records, { t: "end", step: steps, how: "finished" }];
}
