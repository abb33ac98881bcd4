/**
 * L24: the loss under a cosine is forecast from two runs under other schedules, one that drops and stays, one that decays to the end.
 * A small classifier under Adam, of ever new examples. With one run before it, the law cannot speak.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({
  options: {
    shape: { type: "string", default: "cosine" },
    steps: { type: "string", default: "2000" },
  },
});
const [BATCH, INPUTS, WIDTH, CLASSES, PEAK, WARMUP] = [32, 16, 48, 10, 0.01, 60];
const STEPS = Number(values.steps);

const shapes = {
  drop: (step) => (step < 0.5 * STEPS ? 1 : 0.2),
  decay: (step) => (step < 0.6 * STEPS ? 1 : 1 - (0.95 * (step - 0.6 * STEPS)) / (0.4 * STEPS)),
  cosine: (step) => 0.55 + 0.45 * Math.cos((Math.PI * (step - WARMUP)) / (STEPS - WARMUP)),
};
const kernel = (seed) => tf.initializers.glorotNormal({ seed });
const model = tf.sequential({
  layers: [
    tf.layers.dense({ units: WIDTH, inputShape: [INPUTS], activation: "relu", kernelInitializer: kernel(1) }),
    tf.layers.dense({ units: CLASSES, kernelInitializer: kernel(2) }),
  ],
});
const teacher = [
  tf.randomNormal([INPUTS, 64], 0, 0.4, "float32", 3),
  tf.randomNormal([64, CLASSES], 0, 0.6, "float32", 4),
];
const optimizer = tf.train.adam(PEAK);

for (let step = 0; step < STEPS; step++) {
  optimizer.learningRate = PEAK * (step < WARMUP ? (step + 1) / WARMUP : shapes[values.shape](step));
  tf.tidy(() => {
    const inputs = tf.randomNormal([BATCH, INPUTS], 0, 1, "float32", 10 + 2 * step);
    const scores = inputs.matMul(teacher[0]).relu().matMul(teacher[1]);
    const labels = tf.oneHot(
      scores.add(tf.randomNormal([BATCH, CLASSES], 0, 1, "float32", 11 + 2 * step)).argMax(1),
      CLASSES,
    );
    optimizer.minimize(() => tf.losses.softmaxCrossEntropy(labels, model.apply(inputs, { training: true })));
  });
}
