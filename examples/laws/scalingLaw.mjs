/**
 * L23: linear regression on the first few of 64 inputs, whose variances and parts of the targets fall as powers of their number. Run with 6, 14 and 32 inputs
 * for 100, 250 and 600 steps each, of ever new examples and with a learning rate that falls to zero, the last loss is forecast from the eight before.
 * With `--constant` the rate of one run stays, its loss is not that of a schedule's end, and the law does not apply.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "6" },
    steps: { type: "string", default: "100" },
    constant: { type: "boolean", default: false },
  },
});
const [BATCH, ALL, PEAK, NOISE] = [64, 64, 0.1, 0.3];
const [INPUTS, STEPS] = [Number(values.inputs), Number(values.steps)];

const model = tf.sequential({
  layers: [tf.layers.dense({ units: 1, inputShape: [INPUTS], kernelInitializer: "zeros", useBias: false })],
});
const numbers = tf.range(1, ALL + 1);
const scales = numbers.pow(-0.5);
const slopes = numbers.pow(-0.25).reshape([ALL, 1]);
const optimizer = tf.train.sgd(PEAK);

for (let step = 0; step < STEPS; step++) {
  if (!values.constant) optimizer.setLearningRate(PEAK * (1 - step / STEPS));
  tf.tidy(() => {
    const inputs = tf.randomNormal([BATCH, ALL], 0, 1, "float32", 10 + 2 * step).mul(scales);
    const noise = tf.randomNormal([BATCH, 1], 0, NOISE, "float32", 11 + 2 * step);
    const targets = inputs.matMul(slopes).add(noise);
    const seen = inputs.slice([0, 0], [BATCH, INPUTS]);
    optimizer.minimize(() => tf.losses.meanSquaredError(targets, model.apply(seen, { training: true })));
  });
}
