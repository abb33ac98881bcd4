/**
 * L10 and L11: a wide network in the parametrization in which weights hardly move: its tangent kernel stays, and with it the loss follows the linear model
 * for the whole run. With `--width 16` the kernel moves, and it does not; with `--width 64`
 * it moves by as much as is told early on. With `--momentum 0.5` neither law applies.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({
  options: {
    width: { type: "string", default: "1024" },
    rate: { type: "string", default: "0.05" },
    momentum: { type: "string" },
    steps: { type: "string", default: "16000" },
  },
});
const [EXAMPLES, INPUTS, WIDTH] = [16, 3, Number(values.width)];

const inputs = tf.randomNormal([EXAMPLES, INPUTS], 0, 1, "float32", 1);
const targets = tf.tidy(() => inputs.slice([0, 0], [EXAMPLES, 1]).mul(2).sin().mul(0.5));
const first = tf.variable(tf.randomNormal([INPUTS, WIDTH], 0, 1, "float32", 2));
const second = tf.variable(tf.randomNormal([WIDTH, 1], 0, 0.3, "float32", 3));
const features = () =>
  inputs
    .matMul(first)
    .tanh()
    .mul(1 / Math.sqrt(WIDTH));

const rate = Number(values.rate);
const optimizer = values.momentum === undefined ? tf.train.sgd(rate) : tf.train.momentum(rate, Number(values.momentum));
for (let step = 0; step < Number(values.steps); step++) {
  optimizer.minimize(() => tf.losses.meanSquaredError(targets, features().matMul(second)));
  if (step % 10 === 0) await tf.nextFrame();
}
