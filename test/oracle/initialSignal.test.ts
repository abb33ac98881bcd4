/** What is measured of the first batch and the fresh weights, against forward passes and definitions in plain arrays. */
import * as tf from "@tensorflow/tfjs";
import { Matrix } from "ml-matrix";
import { describe, expect, test } from "vitest";
import { initialSignal } from "../../src/probe/tfjs/observables/initialSignal.ts";
import { testedBackends, useBackend } from "./support/backends.ts";
import { withFitTrace } from "./support/fits.ts";
import { seededValues } from "./support/models.ts";

const [examples, features, outputs] = [12, 5, 3];

function network(loss: string, activation: "relu" | "tanh", last: "linear" | "softmax") {
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: 8, activation, inputShape: [features], biasInitializer: "randomNormal" }),
      tf.layers.dense({ units: outputs, activation: last, useBias: false }),
    ],
  });
  model.compile({ optimizer: tf.train.sgd(0.01), loss });
  return model;
}

/** Mean over pairs of rows of what is made of both. */
function overPairs(of: (first: number, second: number) => number): number {
  let sum = 0;
  for (let first = 0; first < examples; first++) {
    for (let second = 0; second < examples; second++) if (first !== second) sum += of(first, second);
  }
  return sum / (examples * (examples - 1));
}

const rootMeanSquare = (values: ArrayLike<number>) =>
  Math.sqrt(Array.from(values).reduce((sum, each) => sum + each ** 2, 0) / values.length);

describe.each(testedBackends)("the initial signal on %s", (backend) => {
  test.each([
    ["squared error", "meanSquaredError", "relu", "linear"],
    ["squared error", "meanSquaredError", "tanh", "linear"],
    ["cross-entropy", "categoricalCrossentropy", "tanh", "softmax"],
  ] as const)(
    "is that of inputs, weights and derivatives by the outputs, for a %s (%s) behind %s",
    async (_, loss, activation, last) => {
      const engine = await useBackend(backend);
      const model = network(loss, activation, last);
      const input = seededValues(examples * features, 1);
      const labels = Array.from({ length: examples }, (__, index) => index % outputs);
      const x = tf.tensor2d(input, [examples, features]);
      const y = tf.oneHot(tf.tensor1d(labels, "int32"), outputs).toFloat() as tf.Tensor2D;
      const predicted = new Matrix((model.predict(x) as tf.Tensor2D).arraySync());
      const targets = new Matrix(y.arraySync());
      const [kernel, bias] = model.layers[0]?.getWeights().map((each) => each.dataSync().slice()) ?? [];
      // 2(f − y)/(examples·outputs), and (p − y)/examples.
      const scale = last === "linear" ? 2 / (examples * outputs) : 1 / examples;
      const derivatives = Matrix.sub(predicted, targets).mul(scale);
      const rows = new Matrix(x.arraySync());
      const [inner, outer] = [rows, derivatives].map((each) => each.mmul(each.transpose())) as [Matrix, Matrix];
      const [size, power] = [inner.trace() / examples, outer.trace() / examples];
      const mean = overPairs((i, j) => inner.get(i, j) / size);
      await withFitTrace(engine, model, x, y, (trace) => {
        const values = initialSignal(engine, trace)?.values ?? {};
        const layer = model.layers[0]?.name ?? "";
        const expected = {
          "input/rms": rootMeanSquare(input),
          "input/spread": inner.diagonal().reduce((sum, each) => sum + (each / size - 1) ** 2, 0) / examples,
          "input/correlation": mean,
          "input/correlationSpread": overPairs((i, j) => (inner.get(i, j) / size - mean) ** 2),
          "output/gradient": derivatives.norm(),
          "output/gradientCorrelation": overPairs((i, j) => outer.get(i, j) / power),
          "output/jointCorrelation": overPairs((i, j) => (inner.get(i, j) * outer.get(i, j)) / size / power),
          "output/jointSize":
            inner.diagonal().reduce((sum, each, i) => sum + (each * outer.get(i, i)) / size / power, 0) / examples,
          [`weight/rms@${layer}`]: rootMeanSquare(kernel ?? []),
          [`bias/rms@${layer}`]: rootMeanSquare(bias ?? []),
        };
        // Float32 kernels, and differences of numbers of order one.
        for (const [name, value] of Object.entries(expected)) expect(values[name], name).toBeCloseTo(value, 5);
        expect(Object.keys(values)).toHaveLength(Object.keys(expected).length + 1);
      });
      model.dispose();
    },
  );
});
