/**
 * L12: a ReLU network of two matrices whose outputs are divided by `--gamma`, trained at `--rate`. Run it with `--gamma 16` at the rates 0.64, 1.28, 2.56 and
 * 5.12, then with `--gamma 64` at 5.12, 20.48 and 10.24: its best rate is four times what it was, not sixteen times. With `--activation tanh` outputs do not grow with
 * the weights without bound, and the law does not apply.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({
  options: {
    gamma: { type: "string", default: "16" },
    rate: { type: "string", default: "2.56" },
    activation: { type: "string", default: "relu" },
  },
});
const [EXAMPLES, INPUTS, WIDTH, STEPS] = [48, 4, 24, 300];

const inputs = tf.randomNormal([EXAMPLES, INPUTS], 0, 1, "float32", 1);
const column = (which) => inputs.slice([0, which], [EXAMPLES, 1]);
// Noise that cannot be learned, so that the loss does not fall to nothing.
const targets = tf.tidy(() =>
  column(0)
    .mul(2)
    .sin()
    .add(column(0).mul(column(1)))
    .add(tf.randomNormal([EXAMPLES, 1], 0, 0.5, "float32", 2)),
);

const kernel = (scale, seed) => tf.initializers.varianceScaling({ scale, mode: "fanIn", distribution: "normal", seed });
const model = tf.sequential({
  layers: [
    tf.layers.dense({
      ...{ units: WIDTH, inputShape: [INPUTS], activation: values.activation, useBias: false },
      kernelInitializer: kernel(2, 3),
    }),
    tf.layers.dense({ units: 1, useBias: false, kernelInitializer: kernel(1, 4) }),
  ],
});
const optimizer = tf.train.sgd(Number(values.rate));
for (let step = 0; step < STEPS; step++) {
  optimizer.minimize(() => tf.losses.meanSquaredError(targets, model.apply(inputs).div(Number(values.gamma))));
}
