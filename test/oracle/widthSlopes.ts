/** How much five steps change networks, by their width, in float64. */
import { GrowingNetwork, smoothBatch, spectralNorm } from "./growingNetwork.ts";

const narrowest = 32;
const widths = [narrowest, 64, 128, 256];
const batch = smoothBatch(16, 3);

/** Standard deviations of fresh weights in the narrowest network: 1/√inputs. */
export function narrowScale(layer: number): number {
  return 1 / Math.sqrt(layer === 0 ? 8 : narrowest);
}

/** Factors on what the narrowest network uses for one layer. */
interface Change {
  readonly initialScale: number;
  readonly learningRate: number;
  readonly multiplier: number;
}

/** Of a layer, by the growth of the width. */
export type ChangeOf = (layer: number, growth: number) => Change;

/** d ln(change)/d ln(width) of the hidden layer, the output and the spectral norm of the hidden matrix' change. */
export interface WidthSlopes {
  readonly hidden: number;
  readonly output: number;
  readonly norm: number;
}

/** Fresh weights of 1/√inputs, and one learning rate. */
export function oneRateForAll(layer: number, growth: number): Change {
  return { learningRate: 1, multiplier: 1, initialScale: layer === 0 ? 1 : 1 / Math.sqrt(growth) };
}

/** Of tanh networks of one hidden matrix. */
export function widthSlopes(update: "adam" | "descent", rate: number, changeOf: ChangeOf, seed = 0): WidthSlopes {
  const changes = widths.map((width) => {
    const of = (layer: number) => changeOf(layer, width / narrowest);
    const network = new GrowingNetwork({
      ...{ width, depth: 1, residual: false, update, seed: width + seed },
      rate: (layer) => rate * of(layer).learningRate,
      scale: (layer) => narrowScale(layer) * of(layer).initialScale,
      multiplier: (layer) => of(layer).multiplier,
    });
    const before = batch.inputs.map((input) => network.forward(input));
    const fresh = network.weights[1]?.values.slice() ?? new Float64Array();
    for (let step = 0; step < 5; step++) network.step(batch);
    const after = batch.inputs.map((input) => network.forward(input));
    const hidden = after.flatMap(({ stream }, index) =>
      Array.from(stream[1] ?? [], (each, unit) => each - (before[index]?.stream[1]?.[unit] ?? NaN)),
    );
    const moved = network.weights[1]?.values.map((each, index) => each - (fresh[index] ?? NaN)) ?? new Float64Array();
    return {
      hidden: rootMeanSquare(hidden),
      output: rootMeanSquare(after.map(({ output }, index) => output - (before[index]?.output ?? NaN))),
      norm: spectralNorm({ rows: width, columns: width, values: moved }),
    };
  });
  return {
    hidden: slope(changes.map(({ hidden }) => hidden)),
    output: slope(changes.map(({ output }) => output)),
    norm: slope(changes.map(({ norm }) => norm)),
  };
}

function rootMeanSquare(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, each) => sum + each ** 2, 0) / values.length);
}

/** By least squares. */
function slope(values: readonly number[]): number {
  const x = widths.map(Math.log);
  const mean = x.reduce((sum, each) => sum + each, 0) / x.length;
  const spread = x.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  return x.reduce((sum, each, index) => sum + (each - mean) * Math.log(values[index] ?? NaN), 0) / spread;
}
