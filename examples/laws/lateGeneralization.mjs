/**
 * L17: linear regression of twice as many weights as examples that begins with large ones. It fits the examples within a few steps, and what its weights say
 * of others goes only by the penalty on them. Run once, and again with `--penalty 0.01`: generalization comes after twice the steps. With `--scale 2` the
 * weights begin twice as large as before, and the law does not apply.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({
  options: {
    penalty: { type: "string", default: "0.02" },
    scale: { type: "string", default: "1" },
    steps: { type: "string", default: "1200" },
  },
});
const [EXAMPLES, VALIDATION, INPUTS, RATE] = [24, 100, 48, 0.05];

const model = tf.sequential({
  layers: [
    tf.layers.dense({
      units: 1,
      inputShape: [INPUTS],
      useBias: false,
      kernelInitializer: tf.initializers.randomNormal({ stddev: Number(values.scale), seed: 1 }),
      kernelRegularizer: tf.regularizers.l2({ l2: Number(values.penalty) }),
    }),
  ],
});
model.compile({ optimizer: tf.train.sgd(RATE), loss: "meanSquaredError" });

const teacher = tf.randomNormal([INPUTS, 1], 0, 0.3, "float32", 2);
const drawn = (examples, seed) => {
  const inputs = tf.randomNormal([examples, INPUTS], 0, 1, "float32", seed);
  return [inputs, inputs.matMul(teacher)];
};
const [inputs, targets] = drawn(EXAMPLES, 3);
await model.fit(inputs, targets, {
  epochs: Number(values.steps),
  batchSize: EXAMPLES,
  shuffle: false,
  verbose: 0,
  validationData: drawn(VALIDATION, 4),
});
