import type { HistoryRecord } from "../../../src/theory/history.ts";

export interface SlowFallRun {
  readonly steps: number;
  /** Steps that are planned; those that are taken, if not told. */
  readonly planned?: number | undefined;
  /** Part of the loss that the decay over the last fifth takes off. */
  readonly gain?: number;
  readonly rates?: "recorded" | "constant" | "not recorded";
  readonly losses?: "validation" | "training";
  /** By which losses are multiplied. */
  readonly scale?: number;
  readonly factor?: number;
  readonly kind?: "crossEntropy" | "meanSquaredError";
  readonly warmup?: number;
}

/** A run whose loss is (3 + 30·t^−0.6), t in steps of a run of 4000, until a fifth before its end, and less by a gain there. */
export function slowFall({
  steps,
  planned = steps,
  gain = 0.029,
  rates = "not recorded",
  losses = "validation",
  scale = 1,
  factor = 30,
  kind,
  warmup = 0,
}: SlowFallRun): HistoryRecord[] {
  const begun = 0.8 * planned;
  const decay = (step: number) => Math.max(0, (step - begun) / (planned - begun));
  const lossAt = (step: number) =>
    scale * (3 + factor * ((4000 / planned) * Math.max(1, step)) ** -0.6) * (1 - gain * decay(step));
  const records: HistoryRecord[] = [
    { t: "begin" },
    { t: "data", step: 0, steps: planned, how: "told by the test" },
    ...(kind === undefined ? [] : [{ t: "objective", step: 0, kind, reduction: "mean", regularized: false } as const]),
  ];
  for (let step = 0; step < steps; step++) {
    const ramp = Math.min(1, (step + 1) / (warmup + 1));
    const rate = rates === "constant" ? 1e-3 * ramp : 1e-3 * ramp * (1 - 0.9 * decay(step));
    // Alternating, so that means over an even number of steps are the law's own.
    const noise = step % 2 === 0 ? 0.01 : -0.01;
    const values = {
      ...(losses === "training" && { "loss/train": lossAt(step) * (1 + noise) }),
      ...(rates !== "not recorded" && { "optimizer/learningRate": rate }),
    };
    if (Object.keys(values).length > 0) records.push({ t: "step", step, values });
    if (losses === "validation" && step % 50 === 0)
      records.push({ t: "measure", step, values: { "loss/validation": lossAt(step) } });
  }
  if (losses === "validation")
    records.push({ t: "measure", step: steps, values: { "loss/validation": lossAt(steps) } });
  return [...records, { t: "end", step: steps, how: "finished" }];
}
