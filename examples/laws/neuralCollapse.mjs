/**
 * L26: once a classifier makes no more errors, the features of a class draw together and the classes form a simplex. With
 * `--noise`, labels that say nothing are not learned in this time, and the law does not speak: errors remain.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({ options: { noise: { type: "boolean", default: false } } });
const [EXAMPLES, INPUTS, WIDTH, CLASSES] = [60, 6, 16, 4];

const kernel = (seed) => tf.initializers.glorotNormal({ seed });
const model = tf.sequential({
  layers: [
    tf.layers.dense({ units: WIDTH, inputShape: [INPUTS], activation: "tanh", kernelInitializer: kernel(1) }),
    tf.layers.dense({ units: WIDTH, activation: "tanh", kernelInitializer: kernel(2) }),
    tf.layers.dense({ units: CLASSES, activation: "softmax", kernelInitializer: kernel(3) }),
  ],
});
model.compile({ optimizer: tf.train.sgd(values.noise ? 0.01 : 0.3), loss: "categoricalCrossentropy" });

// Balanced classes, each around a centre of its own.
const classes = tf.range(0, EXAMPLES, 1, "int32").mod(tf.scalar(CLASSES, "int32"));
const labels = tf.oneHot(classes, CLASSES);
const centres = labels.matMul(tf.randomNormal([CLASSES, INPUTS], 0, 1.5, "float32", 4));
const spread = tf.randomNormal([EXAMPLES, INPUTS], 0, 0.6, "float32", 5);
const inputs = values.noise ? spread : centres.add(spread);
await model.fit(inputs, labels, { epochs: 16000, batchSize: EXAMPLES, shuffle: false, verbose: 0 });
