/**
 * L16: a small tanh network trained from one initialization for one η·step. Run it with `--rate 0.06`, then `--rate 0.03`, then `--rate 0.015`: the
 * third loss is told by the first two. With `--momentum 0.9` steps are of another kind, and the law does not apply.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({ options: { rate: { type: "string", default: "0.03" }, momentum: { type: "string" } } });
const [EXAMPLES, WIDTH, TIME] = [64, 24, 12];

const initializer = (seed) => tf.initializers.glorotUniform({ seed });
const model = tf.sequential({
  layers: [
    tf.layers.dense({ units: WIDTH, inputShape: [2], activation: "tanh", kernelInitializer: initializer(1) }),
    tf.layers.dense({ units: WIDTH, activation: "tanh", kernelInitializer: initializer(2) }),
    tf.layers.dense({ units: 1, kernelInitializer: initializer(3) }),
  ],
});
const rate = Number(values.rate);
const optimizer = values.momentum === undefined ? tf.train.sgd(rate) : tf.train.momentum(rate, Number(values.momentum));
model.compile({ optimizer, loss: "meanSquaredError" });

const inputs = tf.randomNormal([EXAMPLES, 2], 0, 1, "float32", 4);
const targets = inputs.matMul(tf.tensor2d([[2], [-1]])).sin();
await model.fit(inputs, targets, { epochs: Math.round(TIME / rate), batchSize: EXAMPLES, shuffle: false, verbose: 0 });
