/**
 * L15: a network with one hidden layer of 128 ReLUs, trained by gradient descent at a learning rate between 2/λ₀ and 4/λ₀: the loss
 * shoots up before it falls. With `--momentum 0.5` a step is no plain gradient step, and the law does not apply.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({ options: { rate: { type: "string", default: "0.066" }, momentum: { type: "string" } } });
const [EXAMPLES, INPUTS, WIDTH] = [32, 4, 128];

const initializer = (seed) =>
  tf.initializers.varianceScaling({ scale: 1, mode: "fanIn", distribution: "normal", seed });
const model = tf.sequential({
  layers: [
    tf.layers.dense({ units: WIDTH, inputShape: [INPUTS], activation: "relu", kernelInitializer: initializer(1) }),
    tf.layers.dense({ units: 1, kernelInitializer: initializer(2) }),
  ],
});
const rate = Number(values.rate);
const optimizer = values.momentum === undefined ? tf.train.sgd(rate) : tf.train.momentum(rate, Number(values.momentum));
model.compile({ optimizer, loss: "meanSquaredError" });

const inputs = tf.randomNormal([EXAMPLES, INPUTS], 0, 1, "float32", 3);
const targets = inputs.matMul(tf.randomNormal([INPUTS, 1], 0, 1, "float32", 4)).sin();
await model.fit(inputs, targets, { epochs: 240, batchSize: EXAMPLES, shuffle: false, verbose: 0 });
