/**
 * L35: a network with one hidden layer learns from shuffled examples by gradient descent. Run once with a batch of 8, and again with one of
 * 16 and twice the learning rate, its loss against examples stays as it was. With the same learning rate the law does not apply.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({
  options: { batch: { type: "string", default: "8" }, rate: { type: "string", default: "0.02" } },
});
const [EXAMPLES, INPUTS, WIDTH, EPOCHS] = [2048, 8, 32, 4];

const initializer = (seed) =>
  tf.initializers.varianceScaling({ scale: 1, mode: "fanIn", distribution: "normal", seed });
const model = tf.sequential({
  layers: [
    tf.layers.dense({ units: WIDTH, inputShape: [INPUTS], activation: "tanh", kernelInitializer: initializer(1) }),
    tf.layers.dense({ units: 1, kernelInitializer: initializer(2) }),
  ],
});
model.compile({ optimizer: tf.train.sgd(Number(values.rate)), loss: "meanSquaredError" });

const inputs = tf.randomNormal([EXAMPLES, INPUTS], 0, 1, "float32", 3);
const noise = tf.randomNormal([EXAMPLES, 1], 0, 0.5, "float32", 4);
const targets = inputs
  .matMul(tf.randomNormal([INPUTS, 1], 0, 0.5, "float32", 5))
  .sin()
  .add(noise);
await model.fit(inputs, targets, { epochs: EPOCHS, batchSize: Number(values.batch), shuffle: false, verbose: 0 });
