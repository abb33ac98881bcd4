/**
 * L22: the loss spikes where the learning rate times the sharpness lies above 2, and does not where it stays below. The learning rate
 * rises here from nearly nothing. With `--adam` the law does not apply: Adam divides a growing gradient by its own size.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({
  options: { peak: { type: "string", default: "0.02" }, adam: { type: "boolean", default: false } },
});
const [EXAMPLES, INPUTS, WIDTH, STEPS, WARMUP] = [64, 6, 32, 400, 200];

const kernel = (seed) => tf.initializers.glorotNormal({ seed });
const model = tf.sequential({
  layers: [
    tf.layers.dense({ units: WIDTH, inputShape: [INPUTS], activation: "tanh", kernelInitializer: kernel(1) }),
    tf.layers.dense({ units: WIDTH, activation: "tanh", kernelInitializer: kernel(2) }),
    tf.layers.dense({ units: 1, kernelInitializer: kernel(3) }),
  ],
});
const inputs = tf.randomNormal([EXAMPLES, INPUTS], 0, 1, "float32", 4);
const targets = inputs.matMul(tf.randomNormal([INPUTS, 1], 0, 1, "float32", 5)).sin();

const optimizer = values.adam ? tf.train.adam(0.001) : tf.train.sgd(0.001);
for (let step = 0; step < STEPS; step++) {
  if (!values.adam) optimizer.setLearningRate((Number(values.peak) * Math.min(step + 1, WARMUP)) / WARMUP);
  optimizer.minimize(() => tf.losses.meanSquaredError(targets, model.apply(inputs, { training: true })));
}
