/**
 * L05 and L07: linear regression with noise, of more inputs than examples and with a validation after every step. The kernel on the training examples tells the
 * validation loss of every step to come, and at which it is least. With `--shift` the validation's inputs are not like those of the training, and the laws do
 * not apply.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({
  options: {
    shift: { type: "boolean", default: false },
    rate: { type: "string", default: "0.004" },
    steps: { type: "string", default: "4600" },
  },
});
const [EXAMPLES, VALIDATION, INPUTS, NOISE] = [100, 500, 120, 0.7];

const model = tf.sequential({
  layers: [tf.layers.dense({ units: 1, inputShape: [INPUTS], kernelInitializer: "zeros", useBias: false })],
});
model.compile({ optimizer: tf.train.sgd(Number(values.rate)), loss: "meanSquaredError" });

const scales = tf.range(1, INPUTS + 1).pow(-0.5);
const slopes = tf.randomNormal([INPUTS, 1], 0, 1, "float32", 3).mul(
  tf
    .range(1, INPUTS + 1)
    .pow(-0.75)
    .reshape([INPUTS, 1]),
);
const drawn = (examples, seed, stretch) => {
  const inputs = tf.randomNormal([examples, INPUTS], 0, stretch, "float32", seed).mul(scales);
  return [inputs, inputs.matMul(slopes).add(tf.randomNormal([examples, 1], 0, NOISE, "float32", seed + 1))];
};
const [inputs, targets] = drawn(EXAMPLES, 10, 1);
await model.fit(inputs, targets, {
  epochs: Number(values.steps),
  batchSize: EXAMPLES,
  shuffle: false,
  verbose: 0,
  validationData: drawn(VALIDATION, 20, values.shift ? 3 : 1),
});
