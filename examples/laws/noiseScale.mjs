/**
 * L33: linear regression by gradient descent on batches of noisy examples, first with a batch of 16, then with one of 32. Each rate suits its batch, as
 * 1/(1 + B_n/B) by the noise scale B_n that the first run measures, so that the second needs fewer steps, by as much as B_n says. With `--adam`
 * steps are of another kind, and the law does not apply.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({
  options: {
    batch: { type: "string", default: "16" },
    rate: { type: "string", default: "0.0002" },
    epochs: { type: "string", default: "32" },
    adam: { type: "boolean", default: false },
  },
});
const [EXAMPLES, INPUTS] = [4096, 16];
const [batch, rate] = [Number(values.batch), Number(values.rate)];

const model = tf.sequential({
  layers: [tf.layers.dense({ units: 1, inputShape: [INPUTS], kernelInitializer: "zeros", useBias: false })],
});
model.compile({ optimizer: values.adam ? tf.train.adam(rate) : tf.train.sgd(rate), loss: "meanSquaredError" });

const scales = tf.range(1, INPUTS + 1).pow(-0.35);
const inputs = tf.randomNormal([EXAMPLES, INPUTS], 0, 1, "float32", 1).mul(scales);
const noise = tf.randomNormal([EXAMPLES, 1], 0, 0.5, "float32", 2);
const targets = inputs.matMul(tf.randomNormal([INPUTS, 1], 0, 1, "float32", 3)).add(noise);
await model.fit(inputs, targets, { epochs: Number(values.epochs), batchSize: batch, shuffle: false, verbose: 0 });
