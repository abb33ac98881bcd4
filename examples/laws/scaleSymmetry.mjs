/**
 * L28: the loss does not feel the scale of weights before a batch normalization, so that under plain gradient descent their norm grows by
 * η²‖g‖² a step. With `--momentum 0.9` a step is no plain gradient step, and the law does not apply.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({ options: { momentum: { type: "string" } } });
const [EXAMPLES, INPUTS, WIDTH, CLASSES] = [64, 12, 32, 4];

const kernel = (seed) => tf.initializers.glorotNormal({ seed });
const hidden = (seed, inputShape) => [
  tf.layers.dense({ units: WIDTH, kernelInitializer: kernel(seed), useBias: false, ...inputShape }),
  tf.layers.batchNormalization({ epsilon: 1e-5 }),
  tf.layers.activation({ activation: "tanh" }),
];
const model = tf.sequential({
  layers: [
    ...hidden(1, { inputShape: [INPUTS] }),
    ...hidden(2, {}),
    tf.layers.dense({ units: CLASSES, activation: "softmax", kernelInitializer: kernel(3) }),
  ],
});
const optimizer = values.momentum === undefined ? tf.train.sgd(0.3) : tf.train.momentum(0.3, Number(values.momentum));
model.compile({ optimizer, loss: "categoricalCrossentropy" });

const inputs = tf.randomNormal([EXAMPLES, INPUTS], 0, 1, "float32", 4);
// A third of the labels is drawn at random, so that gradients last.
const clean = inputs.matMul(tf.randomNormal([INPUTS, CLASSES], 0, 1, "float32", 5));
const labels = clean.add(tf.randomNormal([EXAMPLES, CLASSES], 0, 3, "float32", 6)).argMax(1);
await model.fit(inputs, tf.oneHot(labels, CLASSES), { epochs: 800, batchSize: EXAMPLES, shuffle: false, verbose: 0 });
