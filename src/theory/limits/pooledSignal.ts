/**
 * What pooling makes of signals and gradients at initialization. How alike the units of neighbouring places are does not follow from a network:
 * it is bounded by their being the same, and by their being independent, for fresh weights make them no less alike than that where their
 * inputs are not opposed.
 *
 *   average of k     m from μ² + (m − μ²)/k to m           ‖δ‖² ↦ ‖δ‖²/k
 *   maximum of k     m from E[φ(z)²] to E[max_k φ(z)²]     ‖δ‖² ↦ ‖δ‖²; the units that are chosen are on at least as often as others
 *
 * Derived here; that independent units have the largest maximum is Slepian's inequality (1962). Maxima are known behind rectifiers only, and
 * gradients of windows that do not overlap.
 */
import { rectifiedMaximum } from "./signalMaps.ts";
import { activatedLaw, rectifiedMaximumLaw } from "./signalUnits.ts";
import type { Backward, Extreme, Flowing, Obstacle } from "./flowingSignal.ts";

export interface PoolingStage {
  readonly kind: "pooling";
  readonly form: "max" | "average";
  /** k, places of a window; undefined where it is not known. */
  readonly window: number | undefined;
  /** Whether windows are known not to overlap. */
  readonly apart: boolean;
}

interface Pooled {
  readonly signal: Flowing | Obstacle;
  readonly backward: Backward | Obstacle;
}

export function throughPooling(stage: PoolingStage, fed: Flowing, extreme: Extreme): Pooled {
  return stage.form === "average" ? averaged(stage, fed, extreme) : maximal(stage, fed, extreme);
}

function averaged({ window, apart }: PoolingStage, fed: Flowing, extreme: Extreme): Pooled {
  const square = fed.mean ** 2;
  const least = square + (fed.meanSquare - square) / (window ?? Infinity);
  const meanSquare = extreme === "most" ? fed.meanSquare : least;
  const share = 1 / (window ?? NaN);
  return {
    signal:
      meanSquare > 0
        ? { ...fed, meanSquare, shape: "other" }
        : unknown("how many places an average is over is not known"),
    backward:
      apart && window !== undefined ? { kind: "backward", low: share, high: share, stray: 0 } : unknown(overlapping),
  };
}

function maximal({ window, apart }: PoolingStage, fed: Flowing, extreme: Extreme): Pooled {
  if (fed.shape !== "rectified" || window === undefined) {
    const reason =
      window === undefined
        ? "how many places a maximum is of is not known"
        : "a maximum is known behind a rectifier only";
    return { signal: unknown(reason), backward: unknown(reason) };
  }
  // Behind a rectifier m is half of the variance before it.
  const variance = 2 * fed.meanSquare;
  const least = { ...fed, shape: activatedLaw("relu", variance) };
  const most = {
    ...fed,
    meanSquare: variance * rectifiedMaximum(window, 2),
    mean: Math.sqrt(variance) * rectifiedMaximum(window, 1),
    shape: rectifiedMaximumLaw(window, variance),
  };
  return {
    signal: extreme === "most" ? most : least,
    backward: apart ? { kind: "backward", low: 1, high: 2 * (1 - 2 ** -window), stray: 0 } : unknown(overlapping),
  };
}

const overlapping = "what poolings make of gradients is not known where windows overlap, or may";

function unknown(reason: string): Obstacle {
  return { kind: "obstacle", reason };
}
