/**
 * L01, L04: two linear layers that begin small learn the modes of the data one after the other, each at the step that its singular value and
 * the first weights tell, and come to rest at a solution that is no flatter than theory allows. With `--momentum 0.9` a mode's growth is no
 * longer that of plain descent; with `--decay 0.01` the loss has other minima.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({ options: { momentum: { type: "string" }, decay: { type: "string" } } });
const [EXAMPLES, INPUTS, WIDTH, OUTPUTS] = [512, 6, 16, 4];

const kernelRegularizer = values.decay === undefined ? undefined : tf.regularizers.l2({ l2: Number(values.decay) });
const layer = (units, seed) =>
  tf.layers.dense({
    units,
    useBias: false,
    kernelInitializer: tf.initializers.randomNormal({ stddev: 0.02, seed }),
    kernelRegularizer,
  });
const hidden = layer(WIDTH, 1);
const input = tf.input({ shape: [INPUTS] });
const model = tf.model({ inputs: input, outputs: layer(OUTPUTS, 2).apply(hidden.apply(input)) });
const rate = 0.01;
const optimizer = values.momentum === undefined ? tf.train.sgd(rate) : tf.train.momentum(rate, Number(values.momentum));
model.compile({ optimizer, loss: "meanSquaredError" });

// Modes of strengths 4, 2.5, 1.5 and 0.8, turned at random.
const inputs = tf.randomNormal([EXAMPLES, INPUTS], 0, 1, "float32", 3);
const [left] = tf.linalg.qr(tf.randomNormal([INPUTS, OUTPUTS], 0, 1, "float32", 4));
const [right] = tf.linalg.qr(tf.randomNormal([OUTPUTS, OUTPUTS], 0, 1, "float32", 5));
const map = left.mul(tf.tensor1d([4, 2.5, 1.5, 0.8])).matMul(right);
const targets = inputs.matMul(map).add(tf.randomNormal([EXAMPLES, OUTPUTS], 0, 0.1, "float32", 6));
await model.fit(inputs, targets, { epochs: 2400, batchSize: EXAMPLES, shuffle: false, verbose: 0 });
