/** Units that are not Gaussian, against draws of single units and of whole networks. */
import { describe, expect, test } from "vitest";
import { activationOfFamily, type Activation } from "../../src/theory/limits/activationFunctions.ts";
import { followSignal, type SignalStage, type SignalStages } from "../../src/theory/limits/signalFlow.ts";
import { gaussians } from "../oracle/tinyNetwork.ts";

const weights = (layer: number, weightVariance: number, width = 64): SignalStage => ({
  kind: "weights",
  layer,
  weightVariance,
  biasVariance: 0,
  width,
});
const bent = (activation: Activation): SignalStage => ({ kind: "activation", activation });

function sizesOf(stages: SignalStages, extreme: "least" | "most" = "least"): readonly (number | string)[] {
  return followSignal(stages, 1, extreme).layers.map(({ signal }) =>
    signal.kind === "flowing" ? signal.meanSquare : signal.reason,
  );
}

/** Blocks x ↦ φ(x + s·W₂·φ(W₁·x)), between a first layer and a last one, which shows the size of the stream. */
function blocksOf(activation: Activation, count: number, scale: number, variance: number): SignalStages {
  return [
    weights(0, 1),
    bent(activation),
    ...Array.from({ length: count }, (_, index): SignalStage[] => [
      {
        kind: "sum",
        skip: [],
        branch: [weights(2 * index + 1, variance), bent(activation), weights(2 * index + 2, variance)],
        scale,
      },
      bent(activation),
    ]).flat(),
    weights(100, 1),
  ];
}

const leaky = activationOfFamily("leakyRelu", 0.1) ?? "linear";
const definitions: readonly (readonly [string, Activation, (x: number) => number])[] = [
  ["relu", "relu", (x) => (x > 0 ? x : 0)],
  ["tanh", "tanh", Math.tanh],
  ["leaky relu", leaky, (x) => (x > 0 ? x : 0.1 * x)],
  ["softplus", "softplus", (x) => Math.log(1 + Math.exp(x))],
];

describe("blocks that are bent behind the sum", () => {
  const [count, scale, variance] = [4, 0.7, 1.8];

  test.each(definitions)("of %s have a stream of the size of single units that are drawn", (_, activation, of) => {
    const [draws, next] = [200_000, gaussians(11)];
    const square = (values: Float64Array) => values.reduce((sum, each) => sum + each ** 2, 0) / draws;
    let units = new Float64Array(draws).map(() => of(next()));
    const streams = [square(units)];
    for (let block = 0; block < count; block++) {
      const deviation = Math.sqrt(variance * square(units));
      const hidden = new Float64Array(draws).map(() => of(deviation * next()));
      const added = scale * Math.sqrt(variance * square(hidden));
      units = units.map((each) => of(each + added * next()));
      streams.push(square(units));
    }
    const predicted = sizesOf(blocksOf(activation, count, scale, variance)).at(-1);
    // Of so many draws, each block's mean square is good to about 0.5 %, and they go on from one another.
    expect(Number(predicted) / (streams.at(-1) ?? NaN)).toBeCloseTo(1, 1.7);
  });

  test("are those of drawn networks, but for what their widths leave open", () => {
    const [width, networks, next] = [96, 40, gaussians(23)];
    const times = (deviation: number, by: readonly number[]) =>
      Array.from({ length: width }, () => by.reduce((sum, each) => sum + deviation * next() * each, 0));
    const relu = (values: readonly number[]) => values.map((each) => Math.max(0, each));
    const logarithms = Array.from({ length: networks }, () => {
      const input = Array.from({ length: width }, next);
      const size = Math.sqrt(input.reduce((sum, each) => sum + each ** 2, 0) / width);
      let stream = relu(times(1 / Math.sqrt(width) / size, input));
      for (let block = 0; block < count; block++) {
        const hidden = relu(times(Math.sqrt(variance / width), stream));
        const added = times(Math.sqrt(variance / width), hidden);
        stream = relu(stream.map((each, unit) => each + scale * (added[unit] ?? 0)));
      }
      return stream.reduce((sum, each) => sum + each ** 2, 0) / width;
    });
    const mean = logarithms.reduce((sum, each) => sum + each, 0) / networks;
    const spread = Math.sqrt(logarithms.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (networks - 1));
    const predicted = Number(sizesOf(blocksOf("relu", count, scale, variance)).at(-1));
    // Four standard errors, which are far more than what the mean of networks of this width differs by from the limit.
    expect(Math.abs(mean - predicted)).toBeLessThan((4 * spread) / Math.sqrt(networks));
  });

  test("have gradients of which nothing is said, but for those behind the last", () => {
    const { layers } = followSignal(blocksOf("relu", 2, 1, 1), 1, "least");
    expect(layers.map(({ gradient }) => gradient.kind)).toEqual([
      ...["obstacle", "obstacle", "obstacle", "obstacle", "obstacle"],
      "backward",
    ]);
  });
});

test("what is rectified twice is what is rectified once", () => {
  expect(sizesOf([weights(0, 2), bent("relu"), bent("relu"), weights(1, 1)]).at(-1)).toBeCloseTo(1, 3);
});

test("a maximum that a branch is added to lies between one unit's and that of independent ones", () => {
  const stages: SignalStages = [
    weights(0, 2),
    bent("relu"),
    { kind: "pooling", form: "max", window: 9, apart: false },
    { kind: "sum", skip: [], branch: [weights(1, 0.5)], scale: 1 },
    bent("relu"),
    weights(2, 1),
  ];
  const [draws, next] = [100_000, gaussians(31)];
  const square = (values: readonly number[]) => values.reduce((sum, each) => sum + each ** 2, 0) / draws;
  for (const [extreme, places] of [
    ["least", 1],
    ["most", 9],
  ] as const) {
    const pooled = Array.from({ length: draws }, () =>
      Math.max(0, ...Array.from({ length: places }, () => Math.SQRT2 * next())),
    );
    const added = Math.sqrt(0.5 * square(pooled));
    const expected = square(pooled.map((each) => Math.max(0, each + added * next())));
    // Half a per cent from draws, half from the quadrature of nine.
    expect(Number(sizesOf(stages, extreme).at(-1)) / expected).toBeCloseTo(1, 1.7);
  }
});
