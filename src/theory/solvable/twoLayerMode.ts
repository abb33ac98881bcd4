/**
 * A mode of two linear layers under gradient flow on ½E‖y − x·W₁·W₂‖², where it learns by itself: with a = vᵀW₁ and b = W₂q for a pair (v, q) of
 * singular vectors of E[xᵀy], s its value and λ = E[(x·v)²], a′ = (s − λ·a·b)·b and b′ = (s − λ·a·b)·a. Then a + b grows by e^θ and
 * a − b shrinks by it, with θ′ = s − λ·u, and the strength u = a·b is P·w − Q/w for w = e^2θ, P = |a + b|²/4 and Q = |a − b|²/4 at the
 * beginning, where w′ = 2(s·w − λP·w² + λQ) has constant coefficients.
 *
 * Source: Saxe, McClelland and Ganguli 2014, who use such hyperbolic variables, for λ = 1; derived here for any λ, P and Q. Balanced layers
 * (Q = 0) give their u(t) = s·e^2st/(e^2st − 1 + s/u₀).
 */
export interface TwoLayerMode {
  /** s, per unit of time. */
  readonly signal: number;
  /** λ, per unit of time and strength. */
  readonly variance: number;
  /** P, in units of the strength. */
  readonly growing: number;
  /** Q */
  readonly shrinking: number;
}

/** Where w comes to rest, the other root of its right side, and the rate 2√(s² + 4λ²PQ) at which it comes there. */
function rootsOf({ signal, variance, growing, shrinking }: TwoLayerMode) {
  const root = Math.hypot(signal, 2 * variance * Math.sqrt(growing * shrinking));
  const scale = 2 * variance * growing;
  return { upper: (signal + root) / scale, lower: (signal - root) / scale, rate: 2 * root };
}

/** Strength of a mode after a time; NaN where the mode has no growing part. */
export function strengthAfter(mode: TwoLayerMode, time: number): number {
  const { upper, lower, rate } = rootsOf(mode);
  const ratio = ((1 - upper) / (1 - lower)) * Math.exp(-rate * time);
  const w = (upper - lower * ratio) / (1 - ratio);
  return mode.growing * w - mode.shrinking / w;
}

/** Time until a mode has a strength below the s/λ at which it rests; NaN where it has no growing part. */
export function timeToStrength(mode: TwoLayerMode, strength: number): number {
  const { upper, lower, rate } = rootsOf(mode);
  const { growing, shrinking } = mode;
  const w = (strength / 2 + Math.hypot(strength / 2, Math.sqrt(growing * shrinking))) / growing;
  return Math.log(((1 - upper) * (w - lower)) / ((1 - lower) * (w - upper))) / rate;
}
