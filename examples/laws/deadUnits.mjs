/**
 * L41: units of the first layer that no example activates stay dead under plain gradient descent on all examples. Some are made so here
 * by biases that lie far below. With `--momentum 0.9` a step is no plain gradient step, and the law does not apply.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({
  options: { momentum: { type: "string" }, steps: { type: "string", default: "1200" } },
});
const [EXAMPLES, INPUTS, WIDTH] = [24, 6, 32];

const model = tf.sequential({
  layers: [
    tf.layers.dense({
      units: WIDTH,
      inputShape: [INPUTS],
      activation: "relu",
      kernelInitializer: tf.initializers.glorotNormal({ seed: 1 }),
      biasInitializer: tf.initializers.randomUniform({ minval: -4, maxval: 1, seed: 2 }),
    }),
    tf.layers.dense({ units: 1, kernelInitializer: tf.initializers.glorotNormal({ seed: 3 }) }),
  ],
});
const optimizer = values.momentum === undefined ? tf.train.sgd(0.02) : tf.train.momentum(0.02, Number(values.momentum));
model.compile({ optimizer, loss: "meanSquaredError" });

const inputs = tf.randomNormal([EXAMPLES, INPUTS], 0, 1, "float32", 4);
const targets = inputs.matMul(tf.randomNormal([INPUTS, 1], 0, 1, "float32", 5)).sin();
await model.fit(inputs, targets, {
  epochs: Number(values.steps),
  batchSize: EXAMPLES,
  shuffle: false,
  verbose: 0,
});
