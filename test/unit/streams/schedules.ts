import type { HistoryRecord } from "../../../src/theory/history.ts";
import { RunHistory } from "../../../src/theory/history.ts";
import type { RunView } from "../../../src/theory/runView.ts";
import { opening } from "../theoryStreams.ts";

/** The learning rate at a step, as a part of the peak. */
export type Shape = (step: number) => number;

export const warmup = 50;

/** A schedule after a straight warmup of 50 steps. */
function warmed(after: Shape): Shape {
  return (step) => (step < warmup ? (step + 1) / warmup : after(step));
}

export const constant = warmed(() => 1);

export function cosine(steps: number, floor = 0.1): Shape {
  const along = (step: number) => (1 + Math.cos((Math.PI * (step - warmup)) / (steps - warmup))) / 2;
  return warmed((step) => floor + (1 - floor) * along(step));
}

/** Constant, and from a step on straight down to a tenth. */
export function decaying(from: number, steps: number): Shape {
  return warmed((step) => (step < from ? 1 : 1 - (0.9 * (step - from)) / (steps - from)));
}

/** Constant, and from a step on constant at a part of that. */
export function dropping(at: number, to: number): Shape {
  return warmed((step) => (step < at ? 1 : to));
}

export const constants = { l0: 2, a: 6, alpha: 0.5, b: 0.15, c: 0.03, beta: 0.8, p: 0.65 } as const;

/** The law of one clock, summed step by step; each loss is that before the step. Peak 1, the clock in steps. */
export function lossesAlong(shape: Shape, steps: number, of: Partial<typeof constants> = {}): readonly number[] {
  const { l0, a, alpha, b, c, beta, p } = { ...constants, ...of };
  const drops: { readonly at: number; readonly by: number }[] = [];
  let [now, before] = [0, 0];
  return Array.from({ length: steps }, (_, step) => {
    const rate = shape(step);
    if (rate !== before) drops.push({ at: now, by: before - rate });
    before = rate;
    const given = drops.reduce((sum, drop) => sum + drop.by * (1 - (1 + c * (now - drop.at)) ** -beta), 0);
    // At the very first step the clock has not begun.
    const loss = l0 + a * Math.max(now, 0.01) ** -alpha - b * given;
    now += rate ** p;
    return loss;
  });
}

export interface ScheduledRun {
  readonly shape: Shape;
  readonly steps: number;
  readonly peak?: number;
  readonly noise?: () => number;
  readonly losses?: readonly number[];
  readonly examples?: number;
}

export function scheduledRun(run: ScheduledRun): HistoryRecord[] {
  const { shape, steps, peak = 0.001, noise = () => 0, losses = lossesAlong(shape, steps), examples } = run;
  const records: HistoryRecord[] = opening({
    kind: "adam",
    group: { learningRate: peak },
    objective: { kind: "crossEntropy", classes: 50 },
  }).filter(({ t }) => t !== "data");
  records.push({ t: "model", step: 0, id: "m", modules: [], parameters: 1000 });
  records.push({ t: "data", step: 0, batch: 8, how: "told by the test", ...(examples !== undefined && { examples }) });
  for (let step = 0; step < steps; step++) {
    const values = {
      "loss/train": (losses[step] ?? NaN) * (1 + noise()),
      "optimizer/learningRate": peak * shape(step),
    };
    records.push({ t: "step", step, values });
  }
  return [...records, { t: "end", step: steps, how: "finished" }];
}

export function scheduledView(id: string, run: ScheduledRun): RunView {
  const history = new RunHistory(id);
  for (const record of scheduledRun(run)) history.append(record);
  return history.view();
}

/** A drop that stays, and a decay to the end: what the law is fitted to. */
export function branches(change: Partial<ScheduledRun> = {}): readonly RunView[] {
  return [
    scheduledView("dropped", { shape: dropping(400, 0.3), steps: 900, ...change }),
    scheduledView("decayed", { shape: decaying(700, 1000), steps: 1000, ...change }),
  ];
}
