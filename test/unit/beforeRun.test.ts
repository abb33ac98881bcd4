import { describe, expect, test } from "vitest";
import { beforeRun } from "../../src/analyses/beforeRun/beforeRun.ts";
import type { Prediction } from "../../src/analyses/beforeRun/prediction.ts";
import { largestStableRate } from "../../src/analyses/beforeRun/stabilityCeiling.ts";
import { stabilityThreshold } from "../../src/theory/empirical/stabilityThreshold.ts";
import type { OptimizerFacts } from "../../src/theory/facts.ts";
import { gaussians } from "../oracle/tinyNetwork.ts";
import { sketchOf } from "./inlineScripts.ts";

async function predictionsOf(body: string) {
  return beforeRun(await sketchOf(`import * as tf from "@tensorflow/tfjs";\n${body}`));
}

function valueOf(prediction: Prediction | undefined): number | string {
  if (prediction === undefined) return "absent";
  return prediction.known ? prediction.value : prediction.reason;
}

describe("counted by hand", () => {
  const body = `
const model = tf.sequential();
model.add(tf.layers.conv2d({ inputShape: [28, 28, 1], filters: 8, kernelSize: 5, activation: "relu" }));
model.add(tf.layers.maxPooling2d({ poolSize: 2 }));
model.add(tf.layers.flatten());
model.add(tf.layers.dense({ units: 10 }));
`;
  test("parameters, operations and memory of a small convolutional network", async () => {
    const [model] = (await predictionsOf(body)).models;
    // 8 kernels of 5×5×1 with biases; 12×12×8 inputs to 10 units with biases.
    expect(valueOf(model?.parameters)).toBe(8 * 26 + 10 * 1153);
    // Two operations for each of 24×24×8 outputs and 25 taps, and for each of 1152×10 weights.
    expect(valueOf(model?.operations)).toBe(2 * (24 * 24 * 8 * 25 + 1152 * 10));
    // Outputs of convolution, pooling and dense layer; flattening makes no numbers.
    expect(valueOf(model?.memory)).toBe(4 * (24 * 24 * 8 + 12 * 12 * 8 + 10));
  });

  test("a network with pooling is no plain stack, and says so", async () => {
    const [model] = (await predictionsOf(body)).models;
    expect(valueOf(model?.signal.gain)).toMatch(/maxPooling2d/);
  });
});

describe("the gain of a plain stack", () => {
  const stack = (initializer: string) => `
const model = tf.sequential();
model.add(tf.layers.dense({ inputShape: [40], units: 40, activation: "relu", kernelInitializer: "${initializer}" }));
for (let index = 0; index < 5; index++) {
  model.add(tf.layers.dense({ units: 40, activation: "relu", kernelInitializer: "${initializer}" }));
}
model.add(tf.layers.dense({ units: 40, kernelInitializer: "${initializer}" }));
`;
  /** Norm of the gradient by the first layer's units over that by the last's, for one draw: products of random matrices. */
  function drawnGain(next: () => number, deviation: number): number {
    const width = 40;
    const matrix = () => Array.from({ length: width }, () => Array.from({ length: width }, () => deviation * next()));
    const layers = Array.from({ length: 7 }, matrix);
    let fed = Array.from({ length: width }, next);
    const alive: boolean[][] = [];
    for (const weights of layers) {
      const sums = weights.map((row) => row.reduce((sum, weight, index) => sum + weight * (fed[index] ?? 0), 0));
      alive.push(sums.map((each) => each > 0));
      fed = sums.map((each) => Math.max(0, each));
    }
    const start = Array.from({ length: width }, next);
    let back = start;
    for (let layer = 6; layer > 0; layer--) {
      const weights = layers[layer] ?? [];
      back = Array.from({ length: width }, (_, index) =>
        alive[layer - 1]?.[index] === true
          ? weights.reduce((sum, row, unit) => sum + (row[index] ?? 0) * (back[unit] ?? 0), 0)
          : 0,
      );
    }
    return Math.hypot(...back) / Math.hypot(...start);
  }

  test("is that of drawn networks on average, and four in five of them lie within its interval", async () => {
    const gain = (await predictionsOf(stack("leCunNormal"))).models[0]?.signal.gain;
    if (gain?.known !== true) throw new Error("The gain is not predicted.");
    const next = gaussians(7);
    // LeCun's variance is 1/fan-in, and TensorFlow.js cuts it off at two deviations.
    const drawn = Array.from({ length: 400 }, () => drawnGain(next, Math.sqrt(0.7737413 / 40)));
    const meanSquare = drawn.reduce((sum, each) => sum + each ** 2, 0) / drawn.length;
    // The root of a mean square of 400 draws, each of which scatters by less than its own size, is off by a tenth at most.
    expect(Math.sqrt(meanSquare) / gain.value).toBeGreaterThan(0.9);
    expect(Math.sqrt(meanSquare) / gain.value).toBeLessThan(1.1);
    const within = drawn.filter((each) => each >= gain.low && each <= gain.high).length / drawn.length;
    expect(within).toBeGreaterThan(0.7);
    expect(within).toBeLessThan(0.95);
  });

  test("is 1 at the critical initialization of rectifiers, at which any depth would train", async () => {
    const signal = (await predictionsOf(stack("heUniform"))).models[0]?.signal;
    expect(valueOf(signal?.gain)).toBeCloseTo(1, 3);
    expect(valueOf(signal?.usableDepth)).toBeGreaterThan(1000);
  });
});

describe("the loss at step 0", () => {
  const classifier = (loss: string, last: string) => `
const model = tf.sequential();
model.add(tf.layers.dense({ inputShape: [50], units: 100, activation: "relu" }));
model.add(tf.layers.dense({ ${last} }));
model.compile({ optimizer: "sgd", loss: "${loss}" });
await model.fit(x, y);
`;
  test("of a classifier begins at ln C, and ends where its largest logits put it", async () => {
    const predicted = await predictionsOf(classifier("categoricalCrossentropy", 'units: 10, activation: "softmax"'));
    const first = predicted.models[0]?.firstLoss;
    if (first?.known !== true) throw new Error("It is not predicted.");
    expect(first.low).toBeCloseTo(0.98 * Math.log(10), 6);
    // Glorot's variance, cut off: hidden units have 2·0.7737·50/150 = 0.516 of the inputs', rectified to half of that; logits
    // have 2·0.7737·100/110 times as much, and ten of them scatter by 1.2816·√(2/9).
    const variance = (1.5474826 * 50) / 150 / 2;
    const logits = variance * ((1.5474826 * 100) / 110) * (1 + 1.2816 * Math.sqrt(2 / 9));
    expect(first.high).toBeCloseTo(1.02 * (Math.log(10) + logits / 2), 3);
  });
  test("of a binary classifier begins at ln 2", async () => {
    const predicted = await predictionsOf(classifier("binaryCrossentropy", 'units: 1, activation: "sigmoid"'));
    const first = predicted.models[0]?.firstLoss;
    expect(first?.known === true ? first.low : first?.reason).toBeCloseTo(0.98 * Math.LN2, 6);
  });
  test("of a regression is not predicted", async () => {
    const predicted = await predictionsOf(classifier("meanSquaredError", "units: 1"));
    expect(valueOf(predicted.models[0]?.firstLoss)).toMatch(/targets/);
  });
});

describe("an optimizer's ceiling", () => {
  test.each([
    ["tf.train.sgd(0.1)", 20, "2/η"],
    ["tf.train.momentum(0.1, 0.9)", 38, "2(1+β)/η"],
    ["tf.train.adam(0.001)", 38_000, "2(1+β₁)/((1−β₁)η)"],
  ])("of %s is %d", async (call, ceiling, formula) => {
    const [optimizer] = (await predictionsOf(`const optimizer = ${call};\noptimizer.minimize(() => loss());`))
      .optimizers;
    expect(valueOf(optimizer?.ceiling)).toBeCloseTo(ceiling, 6);
    expect(optimizer?.ceiling.known === true ? optimizer.ceiling.how : "").toBe(formula);
  });
  test("is unknown where its learning rate is", async () => {
    const [optimizer] = (await predictionsOf("const optimizer = tf.train.sgd(rates[0]);\noptimizer.minimize(f);"))
      .optimizers;
    expect(valueOf(optimizer?.ceiling)).toMatch(/^its learning rate is not known: /);
  });
});

describe("the largest stable learning rate", () => {
  const optimizer = (some: object): OptimizerFacts => ({
    id: "o",
    kind: "momentum",
    name: "Momentum",
    schedule: "constant",
    groups: [{ parameters: 1, learningRate: 0.1, momentum: 0.9, ...some }],
  });
  test("is 2(1 + β)/λ for the heavy ball", () => {
    expect(largestStableRate(optimizer({}), 100)).toBeCloseTo(3.8 / 100, 10);
  });
  test("has the sharpness as its ceiling, with weight decay too", () => {
    for (const weightDecayForm of ["coupled", "decoupled"] as const) {
      const facts = optimizer({ weightDecay: 0.1, weightDecayForm });
      const rate = largestStableRate(facts, 7) ?? NaN;
      expect(stabilityThreshold(facts, rate)?.value).toBeCloseTo(7, 8);
    }
  });
  test("is none where there is no limit, and where the sharpness is no number", () => {
    expect(largestStableRate({ ...optimizer({}), kind: "adagrad" }, 7)).toBeUndefined();
    for (const sharpness of [NaN, 0, -1, Infinity]) expect(largestStableRate(optimizer({}), sharpness)).toBeUndefined();
  });
});
