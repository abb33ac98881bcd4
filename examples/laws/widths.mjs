/**
 * L16 and L31: a tanh network in the maximal-update parametrization, under Adam. Its rates go with the width by what each matrix is multiplied by. Run it
 * with `--width 32`, then with `--width 128`: the wide one's loss follows the narrow one's. With `--standard` one rate for all matrices is too large
 * for the hidden one, and the laws do not apply.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({ options: { width: { type: "string", default: "32" }, standard: { type: "boolean" } } });
const [EXAMPLES, BATCH, INPUTS, BASE, EPOCHS] = [512, 64, 8, 32, 64];
const WIDTH = Number(values.width);
const growth = WIDTH / BASE;

/** A matrix whose entries have a standard deviation of `deviation` and a learning rate of `factor` times Adam's. */
const matrix = (from, to, deviation, factor, seed) => {
  const stored = tf.variable(tf.randomNormal([from, to], 0, deviation / factor, "float32", seed));
  return () => stored.mul(factor);
};
const slower = values.standard ? 1 : 1 / growth;
const first = matrix(INPUTS, WIDTH, 1 / Math.sqrt(INPUTS), 1, 1);
const second = matrix(WIDTH, WIDTH, 1 / Math.sqrt(WIDTH), slower, 2);
const third = matrix(WIDTH, 1, values.standard ? 1 / Math.sqrt(WIDTH) : 1 / Math.sqrt(BASE) / growth, slower, 3);
const network = (x) => x.matMul(first()).tanh().matMul(second()).tanh().matMul(third());

const inputs = tf.randomNormal([EXAMPLES, INPUTS], 0, 1, "float32", 4);
const targets = tf.tidy(() =>
  inputs
    .slice([0, 0], [EXAMPLES, 1])
    .sin()
    .mul(inputs.slice([0, 1], [EXAMPLES, 1])),
);
const optimizer = tf.train.adam(0.002);
for (let epoch = 0; epoch < EPOCHS; epoch++) {
  for (let from = 0; from < EXAMPLES; from += BATCH) {
    optimizer.minimize(() => {
      const [x, y] = [inputs, targets].map((each) => each.slice([from, 0], [BATCH, each.shape[1]]));
      return tf.losses.meanSquaredError(y, network(x));
    });
  }
  await tf.nextFrame();
}
