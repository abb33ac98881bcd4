/** The estimate of the sharpness before the first step, against the largest eigenvalue of networks that are drawn. */
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { describe, expect, test } from "vitest";
import { beforeRun } from "../../src/analyses/beforeRun/beforeRun.ts";
import { gaussians } from "../oracle/tinyNetwork.ts";
import { sketchOf } from "./inlineScripts.ts";

const [inputs, width, classes, examples] = [20, 64, 4, 32];

const script = (activation: string, loss: string, rate = "0.1") => `import * as tf from "@tensorflow/tfjs";
const model = tf.sequential();
model.add(tf.layers.dense({ inputShape: [${inputs}], units: ${width}, activation: "${activation}", kernelInitializer: "leCunNormal" }));
model.add(tf.layers.dense({ units: ${width}, activation: "${activation}", kernelInitializer: "leCunNormal" }));
model.add(tf.layers.dense({ units: ${classes}, kernelInitializer: "leCunNormal" }));
model.compile({ optimizer: tf.train.sgd(${rate}), loss: "${loss}" });
await model.fit(x, y, { batchSize: ${examples} });
`;

/**
 * Largest eigenvalue of JᵀAJ/B of one draw, J the Jacobian of all outputs of all examples by the weights and A the curvature of the loss by an
 * example's outputs: that of the kernel A^½JJᵀA^½/B.
 */
function drawnSharpness(next: () => number, activation: "relu" | "tanh", isSoftmax: boolean, shared: number): number {
  // LeCun's variance, which TensorFlow.js cuts off at two deviations.
  const matrix = (rows: number, columns: number) =>
    Array.from({ length: rows }, () => Array.from({ length: columns }, () => Math.sqrt(0.7737413 / columns) * next()));
  const layers = [matrix(width, inputs), matrix(width, width), matrix(classes, width)];
  const common = Array.from({ length: inputs }, next);
  const rows: number[][] = [];
  for (let example = 0; example < examples; example++) {
    const fed = common.map((each) => Math.sqrt(shared) * each + Math.sqrt(1 - shared) * next());
    const activations = [fed];
    const slopes: number[][] = [];
    for (const [index, layer] of layers.entries()) {
      const sums = layer.map((row) =>
        row.reduce((sum, each, from) => sum + each * (activations[index]?.[from] ?? 0), 0),
      );
      const isLast = index === layers.length - 1;
      activations.push(
        isLast ? sums : sums.map((each) => (activation === "relu" ? Math.max(0, each) : Math.tanh(each))),
      );
      slopes.push(
        sums.map((each) => (isLast ? 1 : activation === "relu" ? Number(each > 0) : 1 - Math.tanh(each) ** 2)),
      );
    }
    for (let output = 0; output < classes; output++) {
      let delta = Array.from({ length: classes }, (_, unit) => Number(unit === output));
      const row: number[] = [];
      for (let index = layers.length - 1; index >= 0; index--) {
        const layer = layers[index] ?? [];
        for (const each of delta) for (const below of activations[index] ?? []) row.push(each * below);
        row.push(...delta);
        delta = (activations[index] ?? []).map(
          (_, from) =>
            (slopes[index - 1]?.[from] ?? 0) *
            layer.reduce((sum, each, unit) => sum + (each[from] ?? 0) * (delta[unit] ?? 0), 0),
        );
      }
      rows.push(row);
    }
  }
  const kernel = new Matrix(rows.length, rows.length);
  for (const [one, left] of rows.entries()) {
    for (const [other, right] of rows.entries()) {
      kernel.set(one, other, left.reduce((sum, each, index) => sum + each * (right[index] ?? 0), 0) / examples);
    }
  }
  // Of a softmax that knows nothing A is (1 − 11ᵀ/C)/C; of the mean square of errors 2/C.
  const root = Matrix.eye(rows.length).mul(isSoftmax ? Math.sqrt(1 / classes) : Math.sqrt(2 / classes));
  if (isSoftmax) {
    for (let one = 0; one < rows.length; one++) {
      for (let other = 0; other < rows.length; other++) {
        if (Math.floor(one / classes) !== Math.floor(other / classes)) continue;
        root.set(one, other, root.get(one, other) - Math.sqrt(1 / classes) / classes);
      }
    }
  }
  const all = root.mmul(kernel).mmul(root);
  return Math.max(...new EigenvalueDecomposition(all, { assumeSymmetric: true }).realEigenvalues);
}

describe.each([
  ["relu", "categoricalCrossentropy"],
  ["relu", "meanSquaredError"],
  ["tanh", "meanSquaredError"],
] as const)("with %s and %s", (activation, loss) => {
  test("the largest stable learning rate is 2 over the sharpness of draws, whether inputs are alike or not", async () => {
    const predicted = beforeRun(await sketchOf(script(activation, loss))).optimizers[0]?.stableRate;
    if (predicted?.known !== true) throw new Error(predicted?.reason ?? "absent");
    const next = gaussians(11);
    for (const shared of [0, 0.4, 0.9]) {
      const rate = 2 / drawnSharpness(next, activation, loss !== "meanSquaredError", shared);
      expect(rate).toBeGreaterThan(predicted.low);
      expect(rate).toBeLessThan(predicted.high);
    }
  });
});

test("it is not said of adaptive optimizers, nor of losses that it is not known of", async () => {
  const adam = script("relu", "meanSquaredError").replace("sgd(0.1)", "adam(0.1)");
  const rates = await Promise.all(
    [adam, script("relu", "hinge")].map(async (text) => beforeRun(await sketchOf(text)).optimizers[0]?.stableRate),
  );
  expect(rates.map((each) => each?.known)).toEqual([false, false]);
});

const ofImages = (...layers: readonly string[]) => `import * as tf from "@tensorflow/tfjs";
const model = tf.sequential({ layers: [
  tf.layers.conv2d({ inputShape: [16, 16, 1], filters: 8, kernelSize: 3, activation: "relu" }),
  ${layers.join(",\n  ")}
] });
model.compile({ optimizer: tf.train.sgd(0.1), loss: "categoricalCrossentropy" });
await model.fit(x, y, { batchSize: 32 });
`;
const flat = ["tf.layers.flatten()", 'tf.layers.dense({ units: 10, activation: "softmax" })'];

describe("behind a convolution it", () => {
  test.each([
    ["is said where the next layer is dense", flat, true],
    ["is said of maxima of what is rectified", ["tf.layers.maxPooling2d({ poolSize: 2 })", ...flat], true],
    ["is not said of averages", ["tf.layers.averagePooling2d({ poolSize: 2 })", ...flat], false],
    ["is not said of maxima that overlap", ["tf.layers.maxPooling2d({ poolSize: 3, strides: 2 })", ...flat], false],
    ["is not said of channels by themselves", ["tf.layers.depthwiseConv2d({ kernelSize: 3 })", ...flat], false],
    [
      "is not said where none is dense",
      ["tf.layers.conv2d({ filters: 10, kernelSize: 14 })", "tf.layers.flatten()"],
      false,
    ],
  ])("%s", async (_, layers, isKnown) => {
    const { optimizers } = beforeRun(await sketchOf(ofImages(...layers)));
    expect(optimizers[0]?.stableRate?.known).toBe(isKnown);
  });

  test("of places that are pooled more is left open than of places that are not", async () => {
    const [pooled, plain] = await Promise.all(
      [["tf.layers.maxPooling2d({ poolSize: 2 })", ...flat], flat].map(async (layers) => {
        const rate = beforeRun(await sketchOf(ofImages(...layers))).optimizers[0]?.stableRate;
        return rate?.known === true ? rate.high / rate.low : NaN;
      }),
    );
    expect(pooled).toBeGreaterThan(plain ?? NaN);
  });
});
