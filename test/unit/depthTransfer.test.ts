import { describe, expect, it } from "vitest";
import { branchMultiplier, transferDepth } from "../../src/theory/hyperparameters/depthTransfer.ts";
import { transferWidth } from "../../src/theory/hyperparameters/widthTransfer.ts";
import { GrowingNetwork, smoothBatch } from "../oracle/growingNetwork.ts";

const depths = [4, 8, 16, 32];
const [width, batch] = [24, smoothBatch(16, 5)];

/** How much five steps of Adam change the outputs, by depth, with what blocks add multiplied by a factor. */
function changes(multiplier: (depth: number) => number): readonly number[] {
  return depths.map((depth) => {
    const isBlock = (layer: number) => layer > 0 && layer <= depth;
    const network = new GrowingNetwork({
      width,
      depth,
      residual: true,
      update: "adam",
      seed: depth,
      rate: (layer) => 0.001 * transferDepth("hidden", isBlock(layer), { width: 1, depth: depth / 4 }).learningRate,
      scale: (layer) => 1 / Math.sqrt(layer === 0 ? 8 : width),
      multiplier: (layer) => (isBlock(layer) ? multiplier(depth) : 1),
    });
    const before = batch.inputs.map((input) => network.forward(input).output);
    for (let step = 0; step < 5; step++) network.step(batch);
    const after = batch.inputs.map((input) => network.forward(input).output);
    return Math.hypot(...after.map((output, index) => output - (before[index] ?? NaN)));
  });
}

/** Between the shallowest and the deepest. */
function slope(values: readonly number[]): number {
  return Math.log((values.at(-1) ?? NaN) / (values[0] ?? NaN)) / Math.log((depths.at(-1) ?? NaN) / (depths[0] ?? NaN));
}

describe("what a change of depth asks for", () => {
  it("keeps what five steps of Adam do to the outputs alike from 4 blocks to 32", () => {
    expect(Math.abs(slope(changes((depth) => 0.5 * branchMultiplier({ width: 1, depth: depth / 4 }))))).toBeLessThan(
      0.15,
    );
  });

  it("is needed: with blocks that add as much at any depth, outputs change the more the deeper the network", () => {
    expect(slope(changes(() => 0.5))).toBeGreaterThan(0.3);
  });

  it("is that of the width where the depth stays, and divides ε in blocks by the depth else", () => {
    const sides = { inputs: 4, units: 4 };
    expect(transferDepth("hidden", true, { width: 4, depth: 1 })).toEqual(transferWidth("adaptive", "hidden", sides));
    expect(transferDepth("readout", false, { width: 4, depth: 8 })).toEqual(
      transferWidth("adaptive", "readout", sides),
    );
    expect(transferDepth("hidden", true, { width: 4, depth: 8 })).toEqual({
      ...transferWidth("adaptive", "hidden", sides),
      epsilon: 1 / 32,
    });
  });
});
