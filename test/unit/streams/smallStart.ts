import type { HistoryRecord } from "../../../src/theory/history.ts";
import { gaussians, tinyNetwork } from "../../oracle/tinyNetwork.ts";
import { measured, opening, type Setting } from "../theoryStreams.ts";

export interface SmallStart {
  /** Of the usual first weights. */
  readonly scale: number;
  readonly hidden?: readonly number[];
  readonly rate: number;
  readonly steps: number;
  readonly seed?: number;
  readonly setting?: Setting;
}

/** A tanh network with biases that begins near the saddle at zero, on 24 points, in float64: loss and gradient of every step. */
export function smallStart({ scale, hidden = [12], rate, steps, seed = 1, setting }: SmallStart): HistoryRecord[] {
  const draw = gaussians(100 + seed);
  const inputs = Array.from({ length: 24 }, () => [draw(), draw(), draw()]);
  const targets = inputs.map(([x = 0, y = 0, z = 0]) => [Math.tanh(x - y), Math.sin(z)]);
  const network = tinyNetwork([3, ...hidden, 2], inputs, targets);
  let weights = network.initial(seed).map((each) => scale * each);
  const records: HistoryRecord[] = opening({ group: { learningRate: rate }, batch: 24, examples: 24, ...setting });
  for (let step = 0; step < steps; step++) {
    const gradient = network.gradient(weights);
    const norm = Math.hypot(...gradient);
    records.push({ t: "step", step, values: { "loss/train": network.loss(weights), "gradient/norm": norm } });
    if (step % 10 === 0) records.push(measured(step, { "update/norm": rate * norm }));
    weights = weights.map((each, index) => each - rate * (gradient[index] ?? NaN));
  }
  return [...records, { t: "end", step: steps, how: "finished" }];
}
