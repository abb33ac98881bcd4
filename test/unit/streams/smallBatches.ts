import type { HistoryRecord } from "../../../src/theory/history.ts";
import { chebyshev, gaussians, tinyNetwork } from "../../oracle/tinyNetwork.ts";
import { measured, opening } from "../theoryStreams.ts";

export interface SmallBatches {
  /** Of 60 examples. */
  readonly batch: number;
  readonly rate: number;
  readonly seed: number;
  readonly steps: number;
}

/** Stochastic gradient descent of a small tanh network in float64, with the curvature of each eighth batch along its gradient. */
export function smallBatches({ batch, rate, seed, steps }: SmallBatches): HistoryRecord[] {
  const { inputs, targets } = chebyshev(60);
  const of = (indices: readonly number[]) =>
    tinyNetwork(
      [1, 10, 10, 1],
      indices.map((index) => inputs[index] ?? []),
      indices.map((index) => targets[index] ?? []),
    );
  const next = gaussians(seed);
  let weights = of([0]).initial(seed);
  let left: number[] = [];
  const records: HistoryRecord[] = opening({ group: { learningRate: rate }, batch, examples: 60 });
  for (let step = 0; step < steps; step++) {
    if (left.length < batch) {
      const keys = inputs.map(() => next());
      left = keys.map((_, index) => index).sort((one, other) => (keys[one] ?? 0) - (keys[other] ?? 0));
    }
    const network = of(left.splice(0, batch));
    const gradient = network.gradient(weights);
    const length = Math.hypot(...gradient);
    records.push({ t: "step", step, values: { "loss/train": network.loss(weights), "gradient/norm": length } });
    if (step % 8 === 0) {
      const h = 1e-5;
      const at = (shift: number) =>
        network.gradient(weights.map((weight, index) => weight + (shift * (gradient[index] ?? NaN)) / length));
      const [above, below] = [at(h), at(-h)];
      const curvature = gradient.reduce(
        (sum, each, index) => sum + ((each / length) * ((above[index] ?? NaN) - (below[index] ?? NaN))) / (2 * h),
        0,
      );
      records.push(measured(step, { "sharpness/directional": curvature }));
    }
    weights = weights.map((weight, index) => weight - rate * (gradient[index] ?? NaN));
  }
  return [...records, { t: "end", step: steps, how: "finished" }];
}
