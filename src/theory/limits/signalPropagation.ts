/**
 * Signals and gradients from layer to layer of a plain network h ↦ φ(W·h + b) at its initialization, in the limit of wide layers. See
 * `signalMaps` for the maps, and for where they come from. A function of weights' variances, activation functions and widths alone, so
 * that it can be asked before anything has run.
 */
import type { Activation } from "./activationFunctions.ts";
import {
  meanFourthSlope,
  meanProduct,
  meanSlopeProduct,
  meanSquare,
  meanSquareProduct,
  meanSquareSlope,
} from "./signalMaps.ts";

export interface SignalLayer {
  readonly activation: Activation;
  /** σ_w²: the variance of a weight times the fan-in. */
  readonly weightVariance: number;
  /** σ_b² */
  readonly biasVariance: number;
}

/** Of what a network, or a layer, is fed. */
export interface Signal {
  /** Mean square over units and examples. */
  readonly meanSquare: number;
  /** Mean cosine between the inputs of two examples; 1 where only one is looked at. */
  readonly correlation: number;
}

export interface LayerSignal {
  /** q, of a unit before the activation function. */
  readonly variance: number;
  /** Between two examples, before the activation function. */
  readonly correlation: number;
  /** After the activation function: what the next layer is fed. */
  readonly output: Signal;
  /** E[φ′²], and the same of two examples, E[φ′(x)φ′(y)]. */
  readonly slope: number;
  readonly pairSlope: number;
}

/** What each layer makes of the input. Numbers are not finite, or zero, where the signal grows or shrinks beyond the range of numbers. */
export function propagate(layers: readonly SignalLayer[], input: Signal): readonly LayerSignal[] {
  const signals: LayerSignal[] = [];
  let fed = input;
  for (const { activation, weightVariance, biasVariance } of layers) {
    const variance = weightVariance * fed.meanSquare + biasVariance;
    const covariance = weightVariance * fed.meanSquare * fed.correlation + biasVariance;
    const correlation = variance > 0 ? Math.min(1, covariance / variance) : 1;
    const after = meanSquare(activation, variance);
    const together = meanProduct(activation, variance, correlation);
    fed = { meanSquare: after, correlation: after > 0 ? Math.min(1, together / after) : 1 };
    const slope = meanSquareSlope(activation, variance);
    const pairSlope = correlation >= 1 ? slope : meanSlopeProduct(activation, variance, correlation);
    signals.push({ variance, correlation, output: fed, slope, pairSlope });
  }
  return signals;
}

/** Squares of the gradient by a layer's weights, for derivatives by the outputs of unit norm. */
export interface GradientSquares {
  /** ‖∂f/∂W‖² of one example. */
  readonly one: number;
  /** Inner product of two examples' gradients, if their derivatives by the outputs are the same. */
  readonly pair: number;
  /** The same of the layer's biases, ‖∂f/∂b‖², whether it has any or not. */
  readonly biases: { readonly one: number; readonly pair: number };
}

/**
 * How the gradient goes from layer to layer: ∂f/∂W = δ·hᵀ and ∂f/∂b = δ, with ‖h‖² = fan-in·E[h²], and ‖δ‖² multiplied by σ_w²·E[φ′²] on its way back
 * through a layer (Schoenholz et al. 2017, eq. 8 and 9). At a fixed point of the variance and with one width, `one` changes by χ₁ a layer.
 *
 * @param fanIns of each layer.
 */
export function gradientSquares(
  layers: readonly SignalLayer[],
  fanIns: readonly number[],
  input: Signal,
): readonly GradientSquares[] {
  const signals = propagate(layers, input);
  const squares: GradientSquares[] = [];
  let [back, pairBack] = [1, 1];
  for (let index = layers.length - 1; index >= 0; index--) {
    const fed = signals[index - 1]?.output ?? input;
    const size = (fanIns[index] ?? Number.NaN) * fed.meanSquare;
    const biases = { one: back, pair: pairBack };
    squares.unshift({ one: size * back, pair: size * fed.correlation * pairBack, biases });
    const above = layers[index]?.weightVariance ?? Number.NaN;
    back *= above * (signals[index - 1]?.slope ?? 1);
    pairBack *= above * (signals[index - 1]?.pairSlope ?? 1);
  }
  return squares;
}

/** Variances of logarithms, over networks of finite width. */
export interface Fluctuation {
  /** Of a layer's mean square after its activation function. */
  readonly meanSquare: number;
  /** Of the squared norm of the gradient by a layer's weights, for given derivatives by the outputs. */
  readonly gradient: number;
}

/** Relative change of q at which the slope of its map is taken. */
const small = 1e-3;

/**
 * How far networks of finite width stray from the limit, to first order in 1/width. Each layer adds Cov(φ(x)², φ(y)²)/(n·E[φ²]²) to the
 * variance of ln E[h²], averaged over the pairs of a batch, and what it adds goes on with the slope of the map of variances; it adds
 * (3·E[φ′⁴]/E[φ′²]² − 1)/n to that of ln‖δ‖². Derived here from sums of n independent terms.
 *
 * @param widths units of each layer.
 * @param examples of the batch whose mean square it is.
 */
export function fluctuations(
  layers: readonly SignalLayer[],
  widths: readonly number[],
  input: Signal,
  examples = 1,
): readonly Fluctuation[] {
  const strays = propagate(layers, input).map(({ variance, correlation, output, slope }, index) => {
    const { activation, biasVariance } = layers[index] ?? { activation: "linear", biasVariance: 0 };
    const width = widths[index] ?? Number.NaN;
    const growth = meanSquare(activation, variance * (1 + small)) / output.meanSquare - 1;
    const [own, between] = [1, correlation].map((each) => meanSquareProduct(activation, variance, each));
    const together = ((own ?? NaN) + (examples - 1) * (between ?? NaN)) / examples;
    return {
      passes: ((growth / small) * (1 - biasVariance / variance)) ** 2,
      forward: Math.max(0, together / output.meanSquare ** 2 - 1) / width,
      backward: ((3 * meanFourthSlope(activation, variance)) / slope ** 2 - 1) / width,
    };
  });
  let fed = 0;
  return strays.map(({ passes, forward }, index) => {
    const back = strays.slice(index, -1).reduce((sum, { backward }) => sum + backward, 0);
    const gradient = fed + back;
    fed = passes * fed + forward;
    return { meanSquare: fed, gradient };
  });
}
