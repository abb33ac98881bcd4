/**
 * L03: in a linear network under plain gradient descent, AᵀA − BBᵀ of two consecutive layers moves by η²(G_AᵀG_A − G_BG_Bᵀ) a
 * step and not more. With `--momentum 0.9` a step is no plain gradient step, and the law does not apply.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({ options: { momentum: { type: "string" } } });
const [EXAMPLES, INPUTS, WIDTH, OUTPUTS] = [64, 12, 10, 6];

const model = tf.sequential({
  layers: [
    tf.layers.dense({
      units: WIDTH,
      inputShape: [INPUTS],
      kernelInitializer: tf.initializers.glorotNormal({ seed: 1 }),
    }),
    tf.layers.dense({ units: OUTPUTS, kernelInitializer: tf.initializers.glorotNormal({ seed: 2 }) }),
  ],
});
const optimizer = values.momentum === undefined ? tf.train.sgd(0.05) : tf.train.momentum(0.05, Number(values.momentum));
model.compile({ optimizer, loss: "meanSquaredError" });

const inputs = tf.randomNormal([EXAMPLES, INPUTS], 0, 1, "float32", 3);
const targets = inputs.matMul(tf.randomNormal([INPUTS, OUTPUTS], 0, 0.5, "float32", 4));
await model.fit(inputs, targets, { epochs: 600, batchSize: EXAMPLES, shuffle: false, verbose: 0 });
