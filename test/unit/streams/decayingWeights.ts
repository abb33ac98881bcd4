import type { HistoryRecord } from "../../../src/theory/history.ts";
import { gaussians } from "../../oracle/tinyNetwork.ts";
import { measured, opening, stepped } from "../theoryStreams.ts";

export interface DecayingWeights {
  readonly rate: number;
  readonly decay: number;
  readonly weights: number;
  readonly steps: number;
  /** Root mean square of a weight at the start. */
  readonly initial: number;
  /** Part of a gradient's square that is the same at every step; the rest is noise. */
  readonly signal?: number;
  readonly every?: number;
  readonly seed?: number;
}

const [beta1, beta2] = [0.9, 0.99];

/**
 * AdamW in float64 on a layer whose scale the loss does not feel, so that its gradient is at right angles to the weights and
 * inversely proportional to their norm: what a probe would have recorded of it.
 */
export function decayingWeights(run: DecayingWeights): HistoryRecord[] {
  const { rate, decay, weights, steps, signal = 0, every = 5 } = run;
  const next = gaussians(run.seed ?? 1);
  const w = Array.from({ length: weights }, () => run.initial * next());
  const lasting = w.map(next);
  const [m, v] = [w.map(() => 0), w.map(() => 0)];
  const records: HistoryRecord[] = [
    {
      t: "model",
      step: 0,
      id: "m",
      modules: [{ path: "a", kind: "Linear", parameterShapes: [[1, weights], [weights]], parameters: 2 * weights }],
      parameters: 2 * weights,
    },
    ...opening({
      kind: "adamw",
      batch: 10,
      group: { learningRate: rate, beta1, beta2, weightDecay: decay, weightDecayForm: "decoupled" },
    }),
  ];
  for (let step = 0; step < steps; step++) {
    const raw = lasting.map((each) => Math.sqrt(signal) * each + Math.sqrt(1 - signal) * next());
    const square = w.reduce((sum, each) => sum + each ** 2, 0);
    const along = raw.reduce((sum, each, index) => sum + each * (w[index] ?? NaN), 0) / square;
    let [change, dot, after] = [0, 0, 0];
    for (let index = 0; index < weights; index++) {
      const before = w[index] ?? NaN;
      const gradient = ((raw[index] ?? NaN) - along * before) / Math.sqrt(square);
      const first = (m[index] = beta1 * (m[index] ?? NaN) + (1 - beta1) * gradient);
      const second = (v[index] = beta2 * (v[index] ?? NaN) + (1 - beta2) * gradient ** 2);
      const update = first / (1 - beta1 ** (step + 1)) / Math.sqrt(second / (1 - beta2 ** (step + 1)));
      const moved = (1 - rate * decay) * before - rate * update;
      w[index] = moved;
      change += (moved - before) ** 2;
      dot += moved * before;
      after += moved ** 2;
    }
    records.push(stepped(step, 1));
    if (step % every !== 0) continue;
    records.push(
      measured(step, {
        "weight/norm@a": Math.sqrt(square),
        "update/relative@a": Math.sqrt(change / square),
        "update/angle@a": Math.acos(Math.min(1, dot / Math.sqrt(square * after))),
        "scale/product@a": 0,
      }),
    );
  }
  return [...records, { t: "end", step: steps, how: "finished" }];
}
