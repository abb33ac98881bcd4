/**
 * L30: stochastic gradient descent comes to a plateau on which noise holds the loss up; dropping the learning rate by 4 gains three
 * quarters of that noise floor. With `--adam` the law does not apply.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({ options: { adam: { type: "boolean", default: false } } });
const [BATCH, INPUTS, RATE, PLATEAU, AFTER] = [4, 16, 0.1, 1200, 700];

const model = tf.sequential({
  layers: [
    tf.layers.dense({
      units: 1,
      inputShape: [INPUTS],
      useBias: false,
      kernelInitializer: tf.initializers.glorotNormal({ seed: 1 }),
    }),
  ],
});
const truth = tf.randomNormal([INPUTS, 1], 0, 1, "float32", 2);
const optimizer = values.adam ? tf.train.adam(RATE) : tf.train.sgd(RATE);

for (let step = 0; step < PLATEAU + AFTER; step++) {
  if (step === PLATEAU && !values.adam) optimizer.setLearningRate(RATE / 4);
  tf.tidy(() => {
    const inputs = tf.randomNormal([BATCH, INPUTS], 0, 1, "float32", 10 + 2 * step);
    const targets = inputs.matMul(truth).add(tf.randomNormal([BATCH, 1], 0, 1, "float32", 11 + 2 * step));
    optimizer.minimize(() => tf.losses.meanSquaredError(targets, model.apply(inputs, { training: true })));
  });
}
