/**
 * L02: a tanh network that begins near zero, where all its gradients vanish: the loss stands still, until the growth of the gradient comes
 * to its end at the step that its rate tells. With `--batch 16` steps see a part of the examples, and the gradient's norm is that of noise.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({ options: { batch: { type: "string", default: "64" } } });
const [EXAMPLES, INPUTS, WIDTH] = [64, 4, 24];

const kernelInitializer = (seed) => tf.initializers.randomNormal({ stddev: 0.001, seed });
const model = tf.sequential({
  layers: [
    tf.layers.dense({
      units: WIDTH,
      inputShape: [INPUTS],
      activation: "tanh",
      kernelInitializer: kernelInitializer(1),
    }),
    tf.layers.dense({ units: 1, kernelInitializer: kernelInitializer(2) }),
  ],
});
model.compile({ optimizer: tf.train.sgd(0.01), loss: "meanSquaredError" });

const inputs = tf.randomNormal([EXAMPLES, INPUTS], 0, 1, "float32", 3);
const targets = inputs.matMul(tf.randomNormal([INPUTS, 1], 0, 0.7, "float32", 4)).sin();
await model.fit(inputs, targets, { epochs: 1000, batchSize: Number(values.batch), shuffle: false, verbose: 0 });
