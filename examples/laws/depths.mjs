/**
 * L14 and L32: a residual tanh network under Adam, with what each block adds divided by their number. Run it with `--depth 4`, then with `--depth 12`: the deep one's
 * loss follows the other's. With `--undivided` blocks add as much at any depth, and L32 does not apply. After two depths L14 tells
 * how large the stream of a third is before its first step.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({ options: { depth: { type: "string", default: "4" }, undivided: { type: "boolean" } } });
const [EXAMPLES, BATCH, INPUTS, WIDTH, EPOCHS] = [512, 64, 8, 48, 56];
const DEPTH = Number(values.depth);
const share = values.undivided ? 0.5 : 2 / DEPTH;

const matrix = (from, to, seed) => tf.variable(tf.randomNormal([from, to], 0, 1 / Math.sqrt(from), "float32", seed));
const first = matrix(INPUTS, WIDTH, 1);
const blocks = Array.from({ length: DEPTH }, (_, index) => matrix(WIDTH, WIDTH, 10 + index));
const last = matrix(WIDTH, 1, 2);
const network = (x) => {
  let stream = x.matMul(first);
  for (const block of blocks) stream = stream.add(stream.tanh().matMul(block).mul(share));
  return stream.tanh().matMul(last);
};

const inputs = tf.randomNormal([EXAMPLES, INPUTS], 0, 1, "float32", 4);
const targets = tf.tidy(() =>
  inputs
    .slice([0, 0], [EXAMPLES, 1])
    .sin()
    .mul(inputs.slice([0, 1], [EXAMPLES, 1])),
);
const optimizer = tf.train.adam(0.001);
for (let epoch = 0; epoch < EPOCHS; epoch++) {
  for (let from = 0; from < EXAMPLES; from += BATCH) {
    optimizer.minimize(() => {
      const [x, y] = [inputs, targets].map((each) => each.slice([from, 0], [BATCH, each.shape[1]]));
      return tf.losses.meanSquaredError(y, network(x));
    });
  }
  await tf.nextFrame();
}
