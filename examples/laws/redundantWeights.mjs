/**
 * L42: two linear layers have many more weights than the map that they make has entries. At the best map the loss rises in as many directions as
 * there are entries, and the local learning coefficient is half their number. With `--penalty 0.01` the loss has other minima, and the law
 * does not apply.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({ options: { penalty: { type: "string" } } });
const [EXAMPLES, INPUTS, WIDTH, OUTPUTS, STEPS] = [256, 4, 10, 2, 160];

const kernelRegularizer = values.penalty === undefined ? undefined : tf.regularizers.l2({ l2: Number(values.penalty) });
const layer = (units, seed, more) =>
  tf.layers.dense({
    units,
    useBias: false,
    kernelInitializer: tf.initializers.randomNormal({ stddev: 0.3, seed }),
    kernelRegularizer,
    ...more,
  });
const model = tf.sequential({ layers: [layer(WIDTH, 1, { inputShape: [INPUTS] }), layer(OUTPUTS, 2)] });
model.compile({ optimizer: tf.train.sgd(0.1), loss: "meanSquaredError" });

// Modes of strengths 2 and 1.2, turned at random.
const inputs = tf.randomNormal([EXAMPLES, INPUTS], 0, 1, "float32", 3);
const [left] = tf.linalg.qr(tf.randomNormal([INPUTS, OUTPUTS], 0, 1, "float32", 4));
const [right] = tf.linalg.qr(tf.randomNormal([OUTPUTS, OUTPUTS], 0, 1, "float32", 5));
const map = left.mul(tf.tensor1d([2, 1.2])).matMul(right);
const targets = inputs.matMul(map).add(tf.randomNormal([EXAMPLES, OUTPUTS], 0, 0.3, "float32", 6));
await model.fit(inputs, targets, { epochs: STEPS, batchSize: EXAMPLES, shuffle: false, verbose: 0 });
