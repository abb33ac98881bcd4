import type { HistoryRecord } from "../../../src/theory/history.ts";
import { measured, opening, stepped } from "../theoryStreams.ts";

const steps = 1500;

/** A cross-entropy under plain gradient descent, with one pair of layers; sharpness and 1/η times `scale`. */
export function everyday(scale = 1): HistoryRecord[] {
  const setting = { objective: { kind: "crossEntropy", classes: 10 }, group: { learningRate: 0.1 / scale } } as const;
  const records: HistoryRecord[] = [...opening(setting), measured(0, { "logit/variance": 0.1, "logit/max": 1 })];
  for (let step = 0; step < steps; step++) {
    records.push(stepped(step, 1 + 1.35 / (1 + step)));
    if (step % 15 === 0) records.push(measured(step, measurements(step, scale)));
  }
  return [...records, { t: "end", step: steps, how: "finished" }];
}

function measurements(step: number, scale: number): Record<string, number> {
  return {
    "sharpness/batch": scale * Math.min(4 + 16 * (step / 700) ** 1.2, 20.2 + Math.sin(step)),
    "balance/defect@a→b": 3 + Math.cos(step) / 1000,
    "balance/drift@a→b": 1e-4,
    "balance/residual@a→b": 1e-8 * (1 + Math.sin(step) ** 2),
    "balance/gradient@a→b": 0.02,
  };
}
