/**
 * L38: the singular values of fresh weights fill the bulk of a random matrix, of known edge and stable rank, and none stands out. With
 * `--orthogonal` the entries are not independent, and the law does not apply.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({
  options: { orthogonal: { type: "boolean", default: false }, steps: { type: "string", default: "200" } },
});
const [EXAMPLES, INPUTS] = [64, 96];

const initializer = (seed) =>
  values.orthogonal ? tf.initializers.orthogonal({ seed }) : tf.initializers.glorotNormal({ seed });
const model = tf.sequential({
  layers: [
    tf.layers.dense({ units: 128, inputShape: [INPUTS], activation: "tanh", kernelInitializer: initializer(1) }),
    tf.layers.dense({ units: 64, activation: "tanh", kernelInitializer: initializer(2) }),
    tf.layers.dense({ units: 1, kernelInitializer: tf.initializers.glorotNormal({ seed: 3 }) }),
  ],
});
model.compile({ optimizer: tf.train.sgd(0.0003), loss: "meanSquaredError" });

const inputs = tf.randomNormal([EXAMPLES, INPUTS], 0, 1, "float32", 4);
const targets = inputs.matMul(tf.randomNormal([INPUTS, 1], 0, 0.1, "float32", 5));
await model.fit(inputs, targets, { epochs: Number(values.steps), batchSize: EXAMPLES, shuffle: false, verbose: 0 });
