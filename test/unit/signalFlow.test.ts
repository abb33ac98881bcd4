/** Signals through normalizations, poolings and sums, against networks that are drawn. */
import { describe, expect, test } from "vitest";
import type { Backward, Flowing, Obstacle } from "../../src/theory/limits/flowingSignal.ts";
import { followSignal, type SignalStage, type SignalStages } from "../../src/theory/limits/signalFlow.ts";
import { fluctuations, propagate, type SignalLayer } from "../../src/theory/limits/signalPropagation.ts";
import { gaussians } from "../oracle/tinyNetwork.ts";

function sizeOf(signal: Flowing | Obstacle | undefined): number | string {
  return signal?.kind === "flowing" ? signal.meanSquare : (signal?.reason ?? "absent");
}

function rangeOf(gradient: Backward | Obstacle | undefined): readonly number[] | string {
  return gradient?.kind === "backward" ? [gradient.low, gradient.high] : (gradient?.reason ?? "absent");
}

const weights = (layer: number, weightVariance: number, width = 64): SignalStage => ({
  kind: "weights",
  layer,
  weightVariance,
  biasVariance: 0,
  width,
});
const relu: SignalStage = { kind: "activation", activation: "relu" };
const normalization = (layer: number, some: object = {}): SignalStage => ({
  kind: "normalization",
  layer,
  over: "features",
  centred: true,
  epsilon: 0,
  gain: 1,
  width: 64,
  ...some,
});

test("a plain stack is what it is to the maps of plain stacks", () => {
  const layers: readonly SignalLayer[] = [
    { activation: "tanh", weightVariance: 1.7, biasVariance: 0.05 },
    { activation: "gelu", weightVariance: 1.2, biasVariance: 0.1 },
    { activation: "linear", weightVariance: 0.9, biasVariance: 0 },
  ];
  const stages = layers.flatMap(({ activation, weightVariance, biasVariance }, layer): SignalStage[] => [
    { kind: "weights", layer, weightVariance, biasVariance, width: 80 },
    ...(activation === "linear" ? [] : [{ kind: "activation", activation } as const]),
  ]);
  const flow = followSignal(stages, 1, "least");
  const input = { meanSquare: 1, correlation: 1 };
  const signals = propagate(layers, input);
  const strays = fluctuations(layers, [80, 80, 80], input);
  for (const [index, { signal }] of flow.layers.entries()) {
    expect(sizeOf(signal)).toBeCloseTo(signals[index]?.output.meanSquare ?? NaN, 12);
    expect(signal.kind === "flowing" ? signal.stray : NaN).toBeCloseTo(strays[index]?.meanSquare ?? NaN, 12);
  }
  const back = layers.slice(1).reduce((product, { weightVariance }, index) => {
    return product * weightVariance * (signals[index]?.slope ?? NaN);
  }, 1);
  const [first] = flow.layers;
  expect(rangeOf(first?.gradient)).toEqual([expect.closeTo(back, 12), expect.closeTo(back, 12)]);
  expect(first?.gradient.kind === "backward" ? first.gradient.stray : NaN).toBeCloseTo(strays[0]?.gradient ?? NaN, 12);
});

describe("blocks that are normalized before they are entered, and skipped", () => {
  const [width, blocks, scale, variance] = [64, 4, 0.5, 2];
  const block = (first: number): SignalStage => ({
    kind: "sum",
    skip: [],
    branch: [normalization(first), weights(first + 1, variance), relu, weights(first + 2, 1)],
    scale,
  });
  const stages: SignalStages = [
    weights(0, 1),
    ...Array.from({ length: blocks }, (_, index) => block(1 + 3 * index)),
    weights(100, 1),
  ];

  /** The mean square after the blocks, and the squared gradient at their start over that at their end, of one draw. */
  function drawn(next: () => number): readonly [number, number] {
    const matrix = (deviation: number) =>
      Array.from({ length: width }, () => Array.from({ length: width }, () => deviation * next()));
    const times = (rows: readonly number[][], by: readonly number[]) =>
      rows.map((row) => row.reduce((sum, each, index) => sum + each * (by[index] ?? 0), 0));
    const turned = (rows: readonly number[][]) => rows.map((_, index) => rows.map((row) => row[index] ?? 0));
    let stream = Array.from({ length: width }, next);
    const passed: { one: number[][]; other: number[][]; alive: boolean[]; unit: number[]; deviation: number }[] = [];
    for (let index = 0; index < blocks; index++) {
      const [one, other] = [matrix(Math.sqrt(variance / width)), matrix(Math.sqrt(1 / width))];
      const mean = stream.reduce((sum, each) => sum + each, 0) / width;
      const deviation = Math.sqrt(stream.reduce((sum, each) => sum + (each - mean) ** 2, 0) / width);
      const unit = stream.map((each) => (each - mean) / deviation);
      const sums = times(one, unit);
      const added = times(
        other,
        sums.map((each) => Math.max(0, each)),
      );
      passed.push({ one, other, alive: sums.map((each) => each > 0), unit, deviation });
      stream = stream.map((each, place) => each + scale * (added[place] ?? 0));
    }
    const start = Array.from({ length: width }, next);
    let back = start;
    for (const { one, other, alive, unit, deviation } of passed.toReversed()) {
      const inner = times(turned(other), back).map((each, place) => (alive[place] === true ? scale * each : 0));
      const outer = times(turned(one), inner);
      const mean = outer.reduce((sum, each) => sum + each, 0) / width;
      const along = outer.reduce((sum, each, place) => sum + each * (unit[place] ?? 0), 0) / width;
      back = back.map((each, place) => each + ((outer[place] ?? 0) - mean - along * (unit[place] ?? 0)) / deviation);
    }
    const square = (values: readonly number[]) => values.reduce((sum, each) => sum + each ** 2, 0);
    return [square(stream) / width, square(back) / square(start)];
  }

  test("add what drawn ones add, forwards and backwards", () => {
    const flow = followSignal(stages, 1, "least");
    const next = gaussians(3);
    const draws = Array.from({ length: 200 }, () => drawn(next));
    const mean = (of: 0 | 1) => draws.reduce((sum, each) => sum + each[of], 0) / draws.length;
    // Each block adds a quarter of a mean square of 2·½ to 1. Of 200 draws with 64 units the mean is good to about 2 %.
    const before = sizeOf(flow.output);
    expect(before).toBeCloseTo(1 + blocks * scale ** 2, 12);
    expect(mean(0) / Number(before)).toBeCloseTo(1, 1);
    const through = flow.layers[0]?.gradient;
    const expected = through?.kind === "backward" ? through.low : NaN;
    // Taking off the mean and what is along the unit costs 2 of 64 directions a block, of what is added.
    expect(Math.abs(mean(1) / expected - 1)).toBeLessThan(0.08);
  });
});

describe("what is not known", () => {
  const reason = "theory of signals says nothing of lstm";
  test("stays unknown until a normalization gives it its size again", () => {
    const stages: SignalStages = [
      weights(0, 1),
      relu,
      { kind: "obstacle", reason },
      weights(1, 1),
      normalization(2, { gain: 2 }),
      weights(3, 0.5),
    ];
    const { layers, output } = followSignal(stages, 1, "most");
    expect(layers.map(({ signal }) => sizeOf(signal))).toEqual(
      [0.5, reason, 4, 2].map((each): unknown => (typeof each === "number" ? expect.closeTo(each, 6) : each)),
    );
    expect(sizeOf(output)).toBeCloseTo(2, 12);
    expect(rangeOf(layers[0]?.gradient)).toBe(reason);
    expect(rangeOf(layers[2]?.gradient)).toEqual([0.5, 0.5]);
  });
  test("is what a batch normalization makes of gradients, and what it makes of next to nothing", () => {
    const stages = (epsilon: number): SignalStages => [
      weights(0, 1),
      normalization(1, { over: "examples", epsilon }),
      relu,
      weights(2, 1),
    ];
    const flow = followSignal(stages(1e-3), 1, "least");
    expect(flow.layers.map(({ signal }) => sizeOf(signal))).toEqual(
      [1, 0.5, 0.5].map((each): unknown => expect.closeTo(each, 3)),
    );
    expect(rangeOf(flow.layers[0]?.gradient)).toMatch(/batch normalization/);
    expect(sizeOf(followSignal(stages(0.1), 1, "least").layers[1]?.signal)).toMatch(/epsilon/);
  });
});

describe("a maximum of four", () => {
  const pooled = (extreme: "least" | "most", form: "max" | "average") =>
    followSignal([weights(0, 2), relu, { kind: "pooling", form, window: 4, apart: true }, weights(1, 1)], 1, extreme);
  test("is between one rectified unit and the largest of four", () => {
    const next = gaussians(5);
    let sum = 0;
    const draws = 40_000;
    for (let draw = 0; draw < draws; draw++) {
      sum += Math.max(0, ...Array.from({ length: 4 }, () => Math.SQRT2 * next())) ** 2;
    }
    expect(sizeOf(pooled("least", "max").output)).toBeCloseTo(1, 3);
    // 40,000 draws of a number that scatters by about its size.
    expect(Number(sizeOf(pooled("most", "max").output)) / (sum / draws)).toBeCloseTo(1, 1);
    // Half of the units are on, or fifteen of sixteen.
    expect(rangeOf(pooled("least", "max").layers[0]?.gradient)).toEqual([
      expect.closeTo(0.5, 6),
      expect.closeTo(0.9375, 6),
    ]);
  });
  test("averaged, is between the mean and the same in all places", () => {
    // Rectified units of variance 2 have the mean √(2/2π) and the mean square 1.
    const least = 1 / Math.PI + (1 - 1 / Math.PI) / 4;
    expect(sizeOf(pooled("least", "average").output)).toBeCloseTo(least, 3);
    expect(sizeOf(pooled("most", "average").output)).toBeCloseTo(1, 3);
    expect(rangeOf(pooled("most", "average").layers[0]?.gradient)).toEqual([
      expect.closeTo(1 / 8, 6),
      expect.closeTo(1 / 8, 6),
    ]);
  });
});
