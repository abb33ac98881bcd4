/**
 * L12: a wide tanh network whose outputs begin at zero and are multiplied by `--scale`, with a learning rate in proportion to its inverse square. Run it with
 * `--scale 4`, then with `--scale 12`: both are lazy, and their losses are one. With `--scale 0.4` a network is rich, and the law does not apply.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({ options: { scale: { type: "string", default: "4" } } });
const [EXAMPLES, INPUTS, WIDTH, STEPS] = [16, 3, 128, 1500];
const SCALE = Number(values.scale);

const inputs = tf.randomNormal([EXAMPLES, INPUTS], 0, 1, "float32", 1);
const targets = tf.tidy(() => inputs.slice([0, 0], [EXAMPLES, 1]).mul(2).sin());
const half = tf.randomNormal([INPUTS, WIDTH / 2], 0, 1, "float32", 2);
const outs = tf.randomNormal([WIDTH / 2, 1], 0, 1, "float32", 3);
// Units in pairs of opposite signs: whatever the scale, the network begins at zero.
const first = tf.variable(half.concat(half, 1));
const second = tf.variable(outs.concat(outs.neg(), 0));
const network = () =>
  inputs
    .matMul(first)
    .tanh()
    .matMul(second)
    .mul(SCALE / Math.sqrt(WIDTH));

const optimizer = tf.train.sgd(0.05 / SCALE ** 2);
for (let step = 0; step < STEPS; step++) {
  optimizer.minimize(() => tf.losses.meanSquaredError(targets, network()));
  if (step % 10 === 0) await tf.nextFrame();
}
