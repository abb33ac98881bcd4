/** A network at its initialization as a run's first records show it, and what its first activations and gradients should be. */
import type { RunView } from "../runView.ts";
import { plainChain, type DenseLayer } from "./plainChain.ts";
import { fluctuations, propagate, type Signal, type SignalLayer } from "./signalPropagation.ts";

export interface FreshNetwork {
  readonly layers: readonly DenseLayer[];
  readonly signals: readonly SignalLayer[];
  readonly input: Signal;
  /** Variance of the examples' squared norms, over the square of their mean. */
  readonly spread: number;
  /** Examples of the first batch; NaN where not known. */
  readonly batch: number;
}

/** The first value of an observable, if it is of step 0; NaN else. */
export function initial(view: RunView, observable: string): number {
  const series = view.series(observable);
  return series.length > 0 && series.stepAt(0) === 0 ? series.valueAt(0) : NaN;
}

/** `otherwise`, for NaN. */
export function known(value: number, otherwise: number): number {
  return Number.isNaN(value) ? otherwise : value;
}

/** The dense layers of a run's model; none where it is another network. */
function denseLayers(view: RunView): readonly DenseLayer[] {
  const [model] = view.models;
  const chain = model === undefined ? undefined : plainChain(model);
  return chain !== undefined && "layers" in chain ? chain.layers : [];
}

/** Variances are NaN where weights were not recorded; biases that were not are taken for none. */
export function freshNetwork(view: RunView): FreshNetwork {
  const layers = denseLayers(view);
  return {
    layers,
    signals: layers.map(({ path, fanIn, activation }) => ({
      activation,
      weightVariance: fanIn * initial(view, `weight/rms@${path}`) ** 2,
      biasVariance: known(initial(view, `bias/rms@${path}`), 0) ** 2,
    })),
    input: {
      meanSquare: initial(view, "input/rms") ** 2,
      correlation: Math.max(-1, Math.min(1, known(initial(view, "input/correlation"), 0))),
    },
    spread: Math.max(0, known(initial(view, "input/spread"), 0)),
    batch: view.data?.batch ?? NaN,
  };
}

/** Units of each layer. */
export function widthsOf(layers: readonly DenseLayer[]): readonly number[] {
  return layers.map(({ units }) => units);
}

/** A number and the variance of its logarithm. */
export interface Expected {
  readonly value: number;
  readonly variance: number;
}

/** Of a logarithm, one standard deviation: what is left open by the examples' sizes being taken for log-normal. */
export const sizesUnlike = 0.02;

/** Sizes of the examples: those of a log-normal law by three points (Gauss and Hermite). */
function sizes({ input, spread }: FreshNetwork): readonly { readonly weight: number; readonly meanSquare: number }[] {
  const deviation = Math.sqrt(Math.log1p(spread));
  return (
    [
      [-1, 1 / 6],
      [0, 2 / 3],
      [1, 1 / 6],
    ] as const
  ).map(([side, weight]) => ({
    weight,
    meanSquare: input.meanSquare * Math.exp(side * Math.sqrt(3) * deviation - deviation ** 2 / 2),
  }));
}

/** Root mean square activations of each layer, over the examples and units. */
export function expectedActivations(network: FreshNetwork): readonly Expected[] {
  const { layers, signals, input, batch } = network;
  const strays = fluctuations(signals, widthsOf(layers), input, known(batch, 1));
  const flows = sizes(network).map(({ weight, meanSquare }) => ({
    weight,
    flow: propagate(signals, { meanSquare, correlation: 1 }),
  }));
  return strays.map((stray, index) => {
    const squares = flows.reduce((sum, { weight, flow }) => sum + weight * (flow[index]?.output.meanSquare ?? NaN), 0);
    return { value: Math.sqrt(squares), variance: stray.meanSquare / 4 + sizesUnlike ** 2 };
  });
}
