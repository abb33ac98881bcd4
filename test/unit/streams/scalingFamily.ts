import { RunHistory, type HistoryRecord } from "../../../src/theory/history.ts";
import type { RunView } from "../../../src/theory/runView.ts";
import { opening } from "../theoryStreams.ts";

export interface ScaledRun {
  readonly parameters: number;
  readonly steps: number;
  /** Final loss. */
  readonly loss: number;
  readonly batch?: number;
  readonly examples?: number;
  /** The learning rate at each step, as a part of the largest. */
  readonly rate?: (step: number) => number;
}

/** A run whose loss falls to a plateau well before its last steps. */
export function scaledRun({
  parameters,
  steps,
  loss,
  batch = 8,
  examples,
  rate = () => 1,
}: ScaledRun): HistoryRecord[] {
  const records: HistoryRecord[] = opening({ kind: "adam", objective: { kind: "crossEntropy", classes: 50 } }).filter(
    ({ t }) => t !== "data",
  );
  records.push({ t: "model", step: 0, id: "m", modules: [], parameters });
  records.push({ t: "data", step: 0, batch, how: "told by the test", ...(examples !== undefined && { examples }) });
  for (let step = 0; step < steps; step++) {
    const values = { "loss/train": loss + Math.exp((-40 * step) / steps), "optimizer/learningRate": 0.01 * rate(step) };
    records.push({ t: "step", step, values });
  }
  return [...records, { t: "end", step: steps, how: "finished" }];
}

function viewOf(id: string, records: readonly HistoryRecord[]): RunView {
  const history = new RunHistory(id);
  for (const record of records) history.append(record);
  return history.view();
}

/** L = 1.5 + 30/√N + 8·D^−0.4, of its own constants. */
export function truth(parameters: number, examples: number): number {
  return 1.5 + 30 / Math.sqrt(parameters) + 8 * examples ** -0.4;
}

export const sizes: readonly number[] = [1000, 2000, 4000, 8000];
export const lengths: readonly number[] = [400, 800, 1600];

/** A grid of runs, with relative errors as `noise` draws them. */
export function grid(noise: () => number = () => 0, change: Partial<ScaledRun> = {}): readonly RunView[] {
  return sizes.flatMap((parameters) =>
    lengths.map((steps) => {
      const loss = truth(parameters, 8 * steps) * (1 + noise());
      return viewOf(`run of ${parameters} for ${steps}`, scaledRun({ parameters, steps, loss, ...change }));
    }),
  );
}
