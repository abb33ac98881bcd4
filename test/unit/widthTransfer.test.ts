import { describe, expect, it } from "vitest";
import {
  transferWidth,
  withoutMultiplier,
  type LayerChange,
  type LayerRole,
} from "../../src/theory/hyperparameters/widthTransfer.ts";
import { GrowingNetwork, smoothBatch, spectralNorm } from "../oracle/growingNetwork.ts";

const widths = [32, 64, 128, 256];
const batch = smoothBatch(16, 3);
const roles: readonly LayerRole[] = ["input", "hidden", "readout"];

/** What layers of the network of width 32 use: 1/√inputs fresh, no multipliers. */
function base(layer: number): number {
  return 1 / Math.sqrt(layer === 0 ? 8 : 32);
}

interface Slopes {
  readonly hidden: number;
  readonly output: number;
  readonly norm: number;
}

/** d ln(change in five steps)/d ln(width) of the hidden layer, the output and the spectral norm of the hidden matrix' change. */
function slopes(
  update: "adam" | "descent",
  rate: number,
  changeOf: (layer: number, growth: number) => LayerChange,
): Slopes {
  const changes = widths.map((width) => {
    const of = (layer: number) => changeOf(layer, width / 32);
    const network = new GrowingNetwork({
      width,
      depth: 1,
      residual: false,
      update,
      seed: width,
      rate: (layer) => rate * of(layer).learningRate,
      scale: (layer) => base(layer) * of(layer).initialScale,
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

const unchanged: LayerChange = { initialScale: 1, learningRate: 1, multiplier: 1, weightDecay: 1, epsilon: 1 };

function maximal(update: "adaptive" | "descent") {
  return (layer: number, growth: number) =>
    transferWidth(update, roles[layer] ?? "fixed", { inputs: growth, units: growth });
}

/** Fresh weights of 1/√inputs, and one learning rate. */
function standard(layer: number, growth: number): LayerChange {
  return { ...unchanged, initialScale: layer === 0 ? 1 : 1 / Math.sqrt(growth) };
}

describe("what a change of width asks for", () => {
  it.each(["adaptive", "descent"] as const)(
    "keeps the changes of layers, outputs and spectral norms alike from width 32 to 256, under %s updates",
    (update) => {
      const [kind, rate] = update === "adaptive" ? (["adam", 0.002] as const) : (["descent", 0.05] as const);
      for (const change of [
        maximal(update),
        (layer: number, growth: number) => withoutMultiplier(update, maximal(update)(layer, growth)),
      ]) {
        const { hidden, output, norm } = slopes(kind, rate, change);
        // Of one draw a width; the parametrization's own falsifier is 0.15.
        for (const each of [hidden, output, norm]) expect(Math.abs(each)).toBeLessThan(0.15);
      }
    },
  );

  it("is needed: at one learning rate under Adam hidden layers change in proportion to the width, outputs still more", () => {
    const { hidden, output, norm } = slopes("adam", 0.0002, standard);
    expect(hidden).toBeGreaterThan(0.75);
    expect(output).toBeGreaterThan(hidden);
    expect(norm).toBeGreaterThan(0.8);
  });

  it("trains the same network with the readout's multiplier as without, up to rounding", () => {
    for (const update of ["adaptive", "descent"] as const) {
      const losses = [
        maximal(update),
        (layer: number, growth: number) => withoutMultiplier(update, maximal(update)(layer, growth)),
      ].map((changeOf) => {
        const network = new GrowingNetwork({
          width: 64,
          depth: 1,
          residual: false,
          update: update === "adaptive" ? "adam" : "descent",
          seed: 1,
          rate: (layer) => 0.01 * changeOf(layer, 2).learningRate,
          scale: (layer) => base(layer) * changeOf(layer, 2).initialScale,
          multiplier: (layer) => changeOf(layer, 2).multiplier,
          // Added to every matrix' root alike, it would be felt: ε is what the change of it is for.
          epsilon: 0,
        });
        return Array.from({ length: 30 }, () => network.step(batch));
      });
      for (const [step, loss] of (losses[0] ?? []).entries()) expect(losses[1]?.[step]).toBeCloseTo(loss, 9);
    }
  });

  it("keeps what weight decay takes a step, and leaves what does not grow as it is", () => {
    for (const update of ["adaptive", "descent"] as const) {
      for (const role of [...roles, "vector", "fixed"] as const) {
        const change = transferWidth(update, role, { inputs: 4, units: 4 });
        expect(change.learningRate * change.weightDecay).toBe(1);
        expect(transferWidth(update, role, { inputs: 1, units: 1 })).toEqual(unchanged);
      }
      expect(transferWidth(update, "fixed", { inputs: 4, units: 4 })).toEqual(unchanged);
    }
  });
});
