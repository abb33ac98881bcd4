/**
 * L13: eight hidden layers of 128 units with TensorFlow.js' own initializer, whose activations and gradients shrink from layer to layer.
 * With `--normalize` batch normalization puts them right at every layer, and the law does not apply.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({
  options: {
    normalize: { type: "boolean" },
    activation: { type: "string", default: "relu" },
    seed: { type: "string", default: "1" },
  },
});
const [EXAMPLES, INPUTS, WIDTH, DEPTH, OUTPUTS] = [256, 20, 128, 8, 10];

const model = tf.sequential();
let seed = 100 * Number(values.seed);
const initializer = () => tf.initializers.glorotNormal({ seed: seed++ });
for (let layer = 0; layer < DEPTH; layer++) {
  const inputShape = layer === 0 ? { inputShape: [INPUTS] } : {};
  model.add(
    tf.layers.dense({ units: WIDTH, activation: values.activation, kernelInitializer: initializer(), ...inputShape }),
  );
  if (values.normalize) model.add(tf.layers.batchNormalization());
}
model.add(tf.layers.dense({ units: OUTPUTS, activation: "softmax", kernelInitializer: initializer() }));
model.compile({ optimizer: tf.train.sgd(0.05), loss: "categoricalCrossentropy" });

const inputs = tf.randomNormal([EXAMPLES, INPUTS], 0, 1, "float32", 3);
const classes = inputs.matMul(tf.randomNormal([INPUTS, OUTPUTS], 0, 1, "float32", 4)).argMax(1);
await model.fit(inputs, tf.oneHot(classes, OUTPUTS), { epochs: 40, batchSize: 64, verbose: 0 });
