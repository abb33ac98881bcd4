/** What a plain stack of layers makes of signals and gradients before it has learned anything. */
import { gaussianDecile } from "../../theory/bootstrap.ts";
import { deepSignal } from "../../theory/limits/criticality.ts";
import { signalAtInitialization } from "../../theory/limits/signalAtInitialization.ts";
import { fluctuations, propagate, type LayerSignal, type Signal } from "../../theory/limits/signalPropagation.ts";
import { notPredicted, roughly, type Prediction } from "./prediction.ts";
import { signalStack, type SignalStack, type StackedLayer } from "./signalStack.ts";
import type { ModelSketch } from "../../source/sketch/modelSketch.ts";

/** Depths up to this multiple of ξ were found to train (Schoenholz et al. 2017, fig. 5). */
const trainable = 6;

/** Of standardized inputs; those of pixels from 0 to 1 have less. */
const input: Signal = { meanSquare: 1, correlation: 1 };

const assumptions = [
  "Layers are wide, and weights independent as drawn.",
  "Inputs have a mean square of 1, as standardized ones have.",
];

export interface SignalPredictions {
  /** Layers with weights; 0 where the stack is not known. */
  readonly depth: number;
  /** What the norm of a gradient by the units of the last layer is multiplied by on its way to those of the first. */
  readonly gain: Prediction;
  /** Layers up to which a stack of the hidden layer that is met most would train; absent where no two hidden ones are alike. */
  readonly usableDepth: Prediction | undefined;
  /** Of each layer, its root mean square after the activation function. */
  readonly layers: readonly { readonly layer: StackedLayer; readonly rms: Prediction }[];
  /** Largest variance of the logits, of inputs with a mean square of at most 1. */
  readonly logitVariance: number | undefined;
}

export function predictSignal(model: ModelSketch): SignalPredictions {
  const stack = signalStack(model);
  if (!stack.known) {
    const gain = notPredicted(stack.reason, signalAtInitialization);
    return { depth: 0, gain, usableDepth: undefined, layers: [], logitVariance: undefined };
  }
  const plain = stack.layers.map(({ signal }) => signal);
  const signals = propagate(plain, input);
  const widths = stack.layers.map(({ width }) => width);
  const spread = fluctuations(plain, widths, input);
  const logits = signals.at(-1)?.variance;
  return {
    depth: stack.layers.length,
    gain: gainOf(stack, signals, spread[0]?.gradient ?? NaN),
    usableDepth: usableDepth(stack.layers.slice(0, -1)),
    layers: stack.layers.map((layer, index) => {
      const meanSquare = signals[index]?.output.meanSquare ?? NaN;
      return {
        layer,
        rms: scattered(Math.sqrt(meanSquare), spread[index]?.meanSquare ?? NaN, "√E[φ(z)²], z of variance q"),
      };
    }),
    logitVariance: logits !== undefined && Number.isFinite(logits) ? logits : undefined,
  };
}

function gainOf(
  { layers }: Extract<SignalStack, { known: true }>,
  signals: readonly LayerSignal[],
  spread: number,
): Prediction {
  if (layers.length < 2) return notPredicted("it has one layer only", signalAtInitialization);
  let square = 1;
  for (const [index, { signal }] of layers.entries()) {
    if (index > 0) square *= signal.weightVariance * (signals[index - 1]?.slope ?? NaN);
  }
  return scattered(Math.sqrt(square), spread, "√Π σ_w²·E[φ′²] over the layers after the first");
}

/** @param spread variance of the logarithm of its square, over networks of these widths */
function scattered(value: number, spread: number, how: string): Prediction {
  const factor = Math.exp((gaussianDecile * Math.sqrt(spread)) / 2);
  if (!Number.isFinite(value) || !(value > 0) || !Number.isFinite(factor)) {
    return notPredicted("it grows or shrinks beyond the range of numbers", signalAtInitialization);
  }
  return {
    known: true,
    value,
    low: value / factor,
    high: value * factor,
    certainty: "interval",
    how,
    assumptions,
    law: signalAtInitialization,
  };
}

function usableDepth(hidden: readonly StackedLayer[]): Prediction | undefined {
  const kinds = Map.groupBy(hidden, ({ signal }) => JSON.stringify(signal));
  const [most] = [...kinds.values()].toSorted((one, other) => other.length - one.length);
  const [typical, second] = most ?? [];
  if (typical === undefined || second === undefined) return undefined;
  const { depthScale, gain } = deepSignal(typical.signal);
  if (Number.isNaN(depthScale))
    return notPredicted("it grows or shrinks beyond the range of numbers", signalAtInitialization);
  return roughly(
    trainable * depthScale,
    `6ξ, ξ = 1/|ln χ₁|, χ₁ = ${gain.toPrecision(3)}`,
    assumptions,
    signalAtInitialization,
  );
}
