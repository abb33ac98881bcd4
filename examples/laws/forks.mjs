/**
 * L39: a classifier of two hidden layers, trained on batches in an order that is the same in every run up to a step. Run it as it is, then with `--after 200 --order 1` and
 * `--after 600 --order 2`: runs that part late end in weights between which nothing is higher, and that can be averaged. With `--loss square` there is no
 * chance level that a barrier could be measured by, and the law does not apply.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({
  options: {
    after: { type: "string", default: "0" },
    order: { type: "string", default: "0" },
    loss: { type: "string", default: "crossEntropy" },
  },
});
const [EXAMPLES, INPUTS, CLASSES, BATCH, WIDTH, STEPS] = [512, 8, 4, 32, 32, 6000];

/** Numbers between 0 and 1 that are the same for a seed (Numerical Recipes' constants). */
const uniform = (seed) => {
  let state = Math.imul(seed + 1, 2654435761);
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
};
const [shared, own] = [uniform(7), uniform(1000 + Number(values.order))];
const batchOf = (step) => {
  const draw = step < Number(values.after) || values.order === "0" ? shared : own;
  return Array.from({ length: BATCH }, () => Math.floor(EXAMPLES * draw()));
};

const centres = tf.randomNormal([4 * CLASSES, INPUTS], 0, 1, "float32", 5);
const groups = Array.from({ length: EXAMPLES }, (_, index) => index % (4 * CLASSES));
const inputs = tf.tidy(() =>
  tf.gather(centres, tf.tensor1d(groups, "int32")).add(tf.randomNormal([EXAMPLES, INPUTS], 0, 0.7, "float32", 6)),
);
const labels = tf
  .oneHot(
    tf.tensor1d(
      groups.map((group) => group % CLASSES),
      "int32",
    ),
    CLASSES,
  )
  .toFloat();

const dense = (units, activation, seed, more = {}) =>
  tf.layers.dense({ units, activation, kernelInitializer: tf.initializers.glorotUniform({ seed }), ...more });
const model = tf.sequential({
  layers: [dense(WIDTH, "tanh", 1, { inputShape: [INPUTS] }), dense(WIDTH, "tanh", 2), dense(CLASSES, undefined, 3)],
});
const lossOf = values.loss === "square" ? tf.losses.meanSquaredError : tf.losses.softmaxCrossEntropy;
const optimizer = tf.train.sgd(0.1);
for (let step = 0; step < STEPS; step++) {
  tf.tidy(() => {
    const batch = tf.tensor1d(batchOf(step), "int32");
    const [seen, wanted] = [tf.gather(inputs, batch), tf.gather(labels, batch)];
    optimizer.minimize(() => lossOf(wanted, model.apply(seen)).asScalar());
  });
}
