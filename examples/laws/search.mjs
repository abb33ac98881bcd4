/**
 * L08: a wide rectifier network whose targets are a square of one direction of its many inputs, on ever new examples. Run it with `--inputs 24`, with `--inputs 192`, and then
 * with `--inputs 96`: the loss stands still while the direction is searched for, as much longer as the logarithm of the inputs' number is larger. With `--repeat` all
 * steps see the same examples, and the law does not apply.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({ options: { inputs: { type: "string", default: "24" }, repeat: { type: "boolean" } } });
const [BATCH, UNITS, STEPS, RATE] = [256, 96, 420, 0.15];
const INPUTS = Number(values.inputs);

const first = tf.variable(tf.randomNormal([INPUTS, UNITS], 0, 1 / Math.sqrt(INPUTS), "float32", 1));
const second = tf.variable(tf.randomNormal([UNITS, 1], 0, 0.5, "float32", 2));
// Outputs begin small, and the readout moves slowly beside the first layer.
const network = (x) => x.matMul(first).relu().matMul(second).div(Math.sqrt(UNITS));

const examples = (step) => {
  const inputs = tf.randomNormal([BATCH, INPUTS], 0, 1, "float32", 1000 + step);
  const direction = inputs.slice([0, 0], [BATCH, 1]);
  return [inputs, direction.square().sub(1).div(Math.SQRT2)];
};
const kept = examples(0);
const optimizer = tf.train.sgd(RATE);
for (let step = 0; step < STEPS; step++) {
  const [inputs, targets] = values.repeat ? kept : examples(step);
  optimizer.minimize(() => tf.losses.meanSquaredError(targets, network(inputs)));
  if (!values.repeat) tf.dispose([inputs, targets]);
  if (step % 10 === 0) await tf.nextFrame();
}
