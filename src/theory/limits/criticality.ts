/** Where a deep network of equal layers keeps signals, and where it loses them: order, chaos, and the line between. */
import type { Activation } from "./activationFunctions.ts";
import { meanSquare, meanSquareSlope } from "./signalMaps.ts";
import type { SignalLayer } from "./signalPropagation.ts";

export interface DeepSignal {
  /** q*, to which the variance before the activation function comes from 1; 0 or Infinity, where it has no limit in between. */
  readonly variance: number;
  /** χ₁ = σ_w²·E[φ′²] there: what a layer multiplies the squared norm of a gradient by. */
  readonly gain: number;
  /**
   * ξ = 1/|ln χ₁|, in layers: how deep a signal is felt; Infinity at the critical point. Networks of up to about six times as many layers
   * were found to train (Schoenholz et al. 2017, fig. 5).
   */
  readonly depthScale: number;
}

const mostLayers = 4000;
const settled = 1e-10;
const [least, largest] = [1e-12, 1e12];

/** What many equal layers make of a signal. Source: Schoenholz et al. 2017, eq. 4 to 9. */
export function deepSignal({ activation, weightVariance, biasVariance }: SignalLayer): DeepSignal {
  let variance = 1;
  for (let layer = 0; layer < mostLayers && variance > least && variance < largest; layer++) {
    const next = weightVariance * meanSquare(activation, variance) + biasVariance;
    const change = Math.abs(next - variance);
    variance = next;
    if (change <= settled * variance) break;
  }
  const gain = weightVariance * meanSquareSlope(activation, variance);
  const limit = variance <= least ? 0 : variance >= largest ? Infinity : variance;
  return { variance: limit, gain, depthScale: 1 / Math.abs(Math.log(gain)) };
}

/** Where roots are looked for, as powers of ten of q, and in steps of how many of them. */
const [lowest, highest, step] = [-4, 4, 0.25];

/**
 * σ_w² at which χ₁ = 1 for given biases: the critical initialization, at which neither signals nor gradients vanish or explode with
 * depth. The one of the least q*, where there are several; undefined where there is none, as for rectifiers with biases.
 * Source: Poole et al. 2016; Schoenholz et al. 2017, §3.
 *
 * @param biasVariance σ_b²
 */
export function criticalWeightVariance(activation: Activation, biasVariance: number): number | undefined {
  const weightVariance = (variance: number) => 1 / meanSquareSlope(activation, variance);
  /** σ_b² for which q is the fixed point at which χ₁ = 1, less that given. */
  const excess = (variance: number) =>
    variance - weightVariance(variance) * meanSquare(activation, variance) - biasVariance;
  if (biasVariance === 0 && Math.abs(excess(least)) <= settled) return weightVariance(least);
  for (let power = lowest; power < highest; power += step) {
    let [below, above] = [10 ** power, 10 ** (power + step)];
    const sign = Math.sign(excess(below));
    if (sign === Math.sign(excess(above))) continue;
    for (let halving = 0; halving < 60; halving++) {
      const middle = (below + above) / 2;
      if (Math.sign(excess(middle)) === sign) below = middle;
      else above = middle;
    }
    return weightVariance(below);
  }
  return undefined;
}
