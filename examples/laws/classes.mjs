/**
 * L29 and L40: a classifier of five Gaussian classes with two hidden layers of 64 units. Four directions of its loss are steeper than all
 * others, and what training adds to the matrix between the hidden layers is of low rank. With `--batch 20` a batch holds too few examples of a
 * class for the first law; with `--width 24` the matrix is too small for the second.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({
  options: {
    batch: { type: "string", default: "100" },
    width: { type: "string", default: "64" },
    rate: { type: "string", default: "0.05" },
    steps: { type: "string", default: "900" },
  },
});
const [CLASSES, PER_CLASS, INPUTS] = [5, 80, 20];
const [batch, width] = [Number(values.batch), Number(values.width)];

const examples = CLASSES * PER_CLASS;
const owners = tf.range(0, examples, 1, "int32").mod(tf.scalar(CLASSES, "int32"));
const labels = tf.oneHot(owners, CLASSES).toFloat();
const means = tf.randomNormal([CLASSES, INPUTS], 0, 0.4, "float32", 1);
const inputs = labels.matMul(means).add(tf.randomNormal([examples, INPUTS], 0, 1, "float32", 2));

const dense = (units, seed, more) =>
  tf.layers.dense({
    units,
    kernelInitializer: tf.initializers.varianceScaling({ scale: 1, mode: "fanIn", distribution: "normal", seed }),
    ...more,
  });
const model = tf.sequential({
  layers: [
    dense(width, 3, { inputShape: [INPUTS], activation: "tanh" }),
    dense(width, 4, { activation: "tanh" }),
    dense(CLASSES, 5, { activation: "softmax" }),
  ],
});
model.compile({ optimizer: tf.train.sgd(Number(values.rate)), loss: "categoricalCrossentropy" });
await model.fit(inputs, labels, {
  epochs: Math.ceil((Number(values.steps) * batch) / examples),
  batchSize: batch,
  shuffle: false,
  verbose: 0,
});
