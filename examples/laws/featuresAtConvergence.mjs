/**
 * L27: a tanh network under a penalty on its squared weights, trained by gradient descent on all examples: the matrices W·Wᵀ come to what the
 * loss is sensitive to. With `--batch 8` the gradient never vanishes, and the law does not apply.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({ options: { batch: { type: "string", default: "32" } } });
const [EXAMPLES, INPUTS, WIDTH, STEPS] = [32, 8, 16, 900];

const dense = (units, seed, more) =>
  tf.layers.dense({
    units,
    kernelInitializer: tf.initializers.varianceScaling({ scale: 1, mode: "fanIn", distribution: "normal", seed }),
    kernelRegularizer: tf.regularizers.l2({ l2: 0.005 }),
    ...more,
  });
const model = tf.sequential({
  layers: [
    dense(WIDTH, 1, { inputShape: [INPUTS], activation: "tanh" }),
    dense(WIDTH, 2, { activation: "tanh" }),
    dense(1, 3),
  ],
});
model.compile({ optimizer: tf.train.sgd(0.05), loss: "meanSquaredError" });

const inputs = tf.randomNormal([EXAMPLES, INPUTS], 0, 1, "float32", 4);
const targets = inputs.matMul(tf.randomNormal([INPUTS, 1], 0, 0.5, "float32", 5)).sin();
const batchSize = Number(values.batch);
await model.fit(inputs, targets, {
  epochs: Math.ceil((STEPS * batchSize) / EXAMPLES),
  batchSize,
  shuffle: false,
  verbose: 0,
});
