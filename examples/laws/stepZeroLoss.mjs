/**
 * L09: a fresh classifier's cross-entropy is ln C plus half the variance of its logits. With `--scale 8` the last layer begins
 * eight times as large: such a network is not fresh, and the law does not apply.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({ options: { scale: { type: "string", default: "1" } } });
const [EXAMPLES, INPUTS, WIDTH, CLASSES] = [512, 20, 48, 10];

const inputs = tf.randomNormal([EXAMPLES, INPUTS], 0, 1, "float32", 1);
const labels = tf.oneHot(tf.randomUniform([EXAMPLES], 0, CLASSES, "int32", 2), CLASSES).toFloat();
const layer = (from, to, size, seed) =>
  tf.variable(tf.randomNormal([from, to], 0, size / Math.sqrt(from), "float32", seed));
const first = layer(INPUTS, WIDTH, 1, 3);
const second = layer(WIDTH, CLASSES, 0.5 * Number(values.scale), 4);

const optimizer = tf.train.sgd(0.1);
for (let step = 0; step < 30; step++) {
  optimizer.minimize(() => tf.losses.softmaxCrossEntropy(labels, inputs.matMul(first).relu().matMul(second)));
}
