/**
 * How a fresh stack of wide layers bends its outputs and is bent by them, of which the curvature of a loss at the first step is made:
 *
 *   Gauss-Newton   λ = a·(κ₂ + (κ₁ − κ₂)/B),      κ₁ = Σ_l ‖∂f/∂W_l‖² + ‖∂f/∂b_l‖² of one example, κ₂ the same of a pair of them
 *   errors         λ ≈ ρ·√(Σ_{l<m} κ₁_l·t_m/σ_m²)
 *
 * a is the largest curvature of the loss by an example's outputs, and ρ how large its slope by them is where it goes with the inputs. Source of the
 * first: Karakida et al. 2019, theorem 4. The second is derived here: ∂²f/∂W_l∂W_m = δ_m ⊗ (∂h_{m−1}/∂h_l · h_{l−1}), whose square is what
 * becomes of κ₁_l without the weights of layer m; t_m are the places that one of its units sees, all of which W_l moves at once. What activation
 * functions bend by themselves is left out. It matters where weights begin so small that signals vanish, as PyTorch's do.
 *
 * Convolutions count as dense layers of their fan-in: behind fresh weights the gradients by two places of an image are independent, so that what
 * one place adds to ∂f/∂W is orthogonal on average to what another adds. That is not so where places are averaged.
 */
import { gradientSquares, type Signal, type SignalLayer } from "./signalPropagation.ts";

export interface CurvedLayer extends SignalLayer {
  readonly fanIn: number;
  /** Units, or channels. */
  readonly width: number;
  readonly hasBias: boolean;
}

export interface FreshCurvature {
  /** κ₁, per squared unit of an output. */
  readonly one: number;
  /** κ₂ */
  readonly pair: number;
  /** √(Σ_{l<m} κ₁_l·t_m/σ_m²), per unit of an output. */
  readonly bent: number;
}

export function freshCurvature(layers: readonly CurvedLayer[], input: Signal): FreshCurvature {
  const fanIns = layers.map(({ fanIn }) => fanIn);
  const own = gradientSquares(layers, fanIns, input).map(({ one, pair, biases }, index) => {
    const hasBias = layers[index]?.hasBias === true;
    return { one: one + (hasBias ? biases.one : 0), pair: pair + (hasBias ? biases.pair : 0) };
  });
  const moved = own.map(({ one }, index) => {
    const above = layers.slice(index + 1).map(({ fanIn, weightVariance }, next) => {
      const places = fanIn / (layers[index + next]?.width ?? NaN);
      return places / weightVariance;
    });
    return one * sum(above);
  });
  return {
    one: sum(own.map(({ one }) => one)),
    pair: sum(own.map(({ pair }) => pair)),
    bent: Math.sqrt(sum(moved)),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, each) => total + each, 0);
}
