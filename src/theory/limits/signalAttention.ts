/**
 * What fresh self-attention makes of a signal. A head gives o = Σ_t p_t·v_t, p a softmax over positions and v_t = W_v·x_t, so that with fresh
 * W_v of variance σ_v²/fan-in
 *
 *   E[o²] = σ_v²·Σ_tu p_t·p_u·(x_t·x_u)/n,      Σ p = 1,  1/T ≤ Σ p² ≤ 1,
 *
 * which is m·σ_v² where positions are equal, and m·σ_v²·Σp² ≥ m·σ_v²/T where they are independent: how alike T positions are does not follow from
 * a network, and is bounded by these two. The projection behind the heads multiplies it by σ_o². Derived here; masks leave fewer positions, for which
 * the bounds hold as well. Of p that are dropped, a part is set to zero and the others are divided by the part k that is kept: at most 1/k as much.
 */
import type { Backward, Extreme, Flowing, Obstacle } from "./flowingSignal.ts";

export interface AttentionStage {
  readonly kind: "attention";
  /** σ_v² and σ_o²: the variance of a weight times the fan-in. */
  readonly valueVariance: number;
  readonly outputVariance: number;
  /** T; undefined where it is not known. */
  readonly positions: number | undefined;
  /** k */
  readonly kept: number;
  readonly width: number;
}

interface Attended {
  readonly signal: Flowing;
  readonly backward: Backward | Obstacle;
}

export function throughAttention(stage: AttentionStage, fed: Flowing, extreme: Extreme): Attended {
  const { valueVariance, outputVariance, positions, kept, width } = stage;
  const share = extreme === "most" ? 1 / kept : 1 / (positions ?? Infinity);
  const meanSquare = outputVariance * share * valueVariance * fed.meanSquare;
  const latentStray = fed.stray + 2 / width;
  const signal = { kind: "flowing", meanSquare, mean: 0, shape: "gaussian", stray: latentStray + 2 / width } as const;
  const reason = "what attention makes of gradients depends on how alike its positions are";
  return { signal: { ...signal, latentStray, width }, backward: { kind: "obstacle", reason } };
}
