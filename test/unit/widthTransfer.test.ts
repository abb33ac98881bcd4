import { describe, expect, it } from "vitest";
import {
  transferWidth,
  withoutMultiplier,
  type LayerChange,
  type LayerRole,
} from "../../src/theory/hyperparameters/widthTransfer.ts";
import { GrowingNetwork, smoothBatch } from "../oracle/growingNetwork.ts";
import { narrowScale, oneRateForAll, widthSlopes } from "../oracle/widthSlopes.ts";

const batch = smoothBatch(16, 3);
const roles: readonly LayerRole[] = ["input", "hidden", "readout"];

const unchanged: LayerChange = { initialScale: 1, learningRate: 1, multiplier: 1, weightDecay: 1, epsilon: 1 };

function maximal(update: "adaptive" | "descent") {
  return (layer: number, growth: number) =>
    transferWidth(update, roles[layer] ?? "fixed", { inputs: growth, units: growth });
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
        const { hidden, output, norm } = widthSlopes(kind, rate, change);
        // Of one draw a width; the parametrization's own falsifier is 0.15.
        for (const each of [hidden, output, norm]) expect(Math.abs(each)).toBeLessThan(0.15);
      }
    },
  );

  it("is needed: at one learning rate under Adam hidden layers change in proportion to the width, outputs still more", () => {
    const { hidden, output, norm } = widthSlopes("adam", 0.0002, oneRateForAll);
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
          scale: (layer) => narrowScale(layer) * changeOf(layer, 2).initialScale,
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
