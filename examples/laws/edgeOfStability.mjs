/**
 * L18 and L19: a tanh network fits T₄ on 48 points by gradient descent, and its sharpness climbs to 2/η.
 * With `--decay` the learning rate falls, and with it the edge moves away: then the laws do not apply.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({ options: { decay: { type: "boolean" } } });
const POINTS = 48;
const LEARNING_RATE = 0.1;
const STEPS = 2400;

const inputs = tf.linspace(-1, 1, POINTS).as2D(POINTS, 1);
const targets = tf.tidy(() => inputs.square().square().mul(8).sub(inputs.square().mul(8)).add(1));
const layer = (from, to, seed) => tf.variable(tf.randomNormal([from, to], 0, 1 / Math.sqrt(from), "float32", seed));
const [first, second, third] = [layer(1, 16, 1), layer(16, 16, 2), layer(16, 1, 3)];
const biases = [16, 16, 1].map((size) => tf.variable(tf.zeros([size])));
const network = (x) => {
  const hidden = x.matMul(first).add(biases[0]).tanh().matMul(second).add(biases[1]).tanh();
  return hidden.matMul(third).add(biases[2]);
};

const optimizer = tf.train.sgd(LEARNING_RATE);
for (let step = 0; step < STEPS; step++) {
  if (values.decay) optimizer.setLearningRate(LEARNING_RATE / (1 + step / 300));
  optimizer.minimize(() => tf.losses.meanSquaredError(targets, network(inputs)));
}
