import type { HistoryRecord } from "../../../src/theory/history.ts";
import { gaussians } from "../../oracle/tinyNetwork.ts";
import { opening, type Setting } from "../theoryStreams.ts";

export interface DecaySweep {
  readonly decay: number;
  /** The decay at which the last losses are least. */
  readonly best: number;
  readonly steps: number;
  readonly rate?: number;
  /** Whether the learning rate falls to nothing in a straight line. */
  readonly falls?: boolean;
  readonly parameters?: number;
  readonly setting?: Setting;
}

/** A language model trained by AdamW, whose losses are made up: a parabola in ln(decay) about the best one, with noise from batch to batch. */
export function decaySweep({
  decay,
  best,
  steps,
  rate = 0.01,
  falls = true,
  parameters = 200_000_000,
  setting = {},
}: DecaySweep): HistoryRecord[] {
  const noise = gaussians(Math.round(1000 * decay) + steps);
  const group = {
    learningRate: rate,
    beta1: 0.9,
    beta2: 0.95,
    weightDecay: decay,
    weightDecayForm: "decoupled",
  } as const;
  const end = 2.5 + 0.05 * Math.log(decay / best) ** 2;
  const records: HistoryRecord[] = [
    { t: "model", step: 0, id: "m", parameters, modules: [{ ...matrix, parameters }] },
    ...opening({
      ...({ kind: "adamw", batch: 16, examples: 1_000_000 } as const),
      objective: { kind: "crossEntropy", classes: 128 },
      ...setting,
      group: { ...group, ...setting.group },
    }),
  ];
  for (let step = 0; step < steps; step++) {
    const loss = end + 2 * Math.exp((-8 * step) / steps) + 0.002 * noise();
    const now = falls ? rate * (1 - step / steps) : rate;
    records.push({ t: "step", step, values: { "loss/train": loss, "optimizer/learningRate": now } });
  }
  return [...records, { t: "end", step: steps, how: "finished" }];
}

const matrix = { path: "all", kind: "Linear", parameterShapes: [[10_000, 20_000]] };

/** A sweep of five decays about the best one, each twice the one before; not in their order. */
export function decays(best: number, steps: number): HistoryRecord[][] {
  return [0.55, 4.4, 1.1, 2.2, 0.275].map((factor) => decaySweep({ decay: factor * best, best, steps }));
}
