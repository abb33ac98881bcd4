/**
 * L08: a rectifier network that learns a square of one direction of its many inputs, from ever new examples. Run it with `--inputs 32`, with `--inputs 128`, and then with
 * `--inputs 384`: the loss stands still while the direction is searched for, by as much longer each time as the logarithm of the inputs' number grows. With `--repeat`
 * all steps see the same examples, and the law does not apply.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({ options: { inputs: { type: "string", default: "32" }, repeat: { type: "boolean" } } });
const [BATCH, UNITS, STEPS, RATE] = [256, 32, 400, 0.2];
const INPUTS = Number(values.inputs);

const kernelInitializer = (stddev, seed) => tf.initializers.randomNormal({ stddev, seed });
const model = tf.sequential({
  layers: [
    tf.layers.dense({
      ...{ units: UNITS, inputShape: [INPUTS], activation: "relu", useBias: false },
      kernelInitializer: kernelInitializer(1 / Math.sqrt(INPUTS), 1),
    }),
    tf.layers.dense({ units: 1, useBias: false, kernelInitializer: kernelInitializer(0.3 / Math.sqrt(UNITS), 2) }),
  ],
});
const optimizer = tf.train.sgd(RATE);

const examples = (step) => {
  const inputs = tf.randomNormal([BATCH, INPUTS], 0, 1, "float32", 10 + step);
  const first = inputs.slice([0, 0], [BATCH, 1]);
  return [inputs, first.square().sub(1).div(Math.SQRT2)];
};
const kept = examples(0);
for (let step = 0; step < STEPS; step++) {
  const [inputs, targets] = values.repeat ? kept : examples(step);
  optimizer.minimize(() => tf.losses.meanSquaredError(targets, model.apply(inputs, { training: true })));
  if (!values.repeat) tf.dispose([inputs, targets]);
  if (step % 10 === 0) await tf.nextFrame();
}
