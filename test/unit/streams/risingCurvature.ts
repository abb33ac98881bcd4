import type { HistoryRecord } from "../../../src/theory/history.ts";
import { measured, opening, type Setting } from "../theoryStreams.ts";

export interface RisingCurvature extends Setting {
  readonly steps?: number;
  /** Norm of a batch's gradient. */
  readonly gradient?: (step: number) => number;
}

/** Plain descent at η = 0.1 with batches of 8 of 1000 examples; only the curvature along their gradients matters, scattered by 20 %. */
export function risingCurvature(
  curvature: (step: number) => number,
  { steps = 1500, gradient = () => 1, ...setting }: RisingCurvature = {},
): HistoryRecord[] {
  const records: HistoryRecord[] = opening({ batch: 8, examples: 1000, ...setting });
  for (let step = 0; step < steps; step++) {
    records.push({ t: "step", step, values: { "loss/train": 1, "gradient/norm": gradient(step) } });
    const value = curvature(step) * (1 + 0.2 * Math.sin(step));
    if (step % 10 === 0) records.push(measured(step, { "sharpness/directional": value }));
  }
  return [...records, { t: "end", step: steps, how: "finished" }];
}
