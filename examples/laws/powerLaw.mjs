/**
 * L25: linear regression on inputs whose variances fall as k^−1.4 with their rank k, of targets that leave k^−1 beyond the first k of them. New examples
 * come at every step, and the loss falls as a power of the steps that the kernel tells early on. With `--flat` all inputs vary alike: there
 * is no power, and the law does not apply.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({ options: { flat: { type: "boolean" }, steps: { type: "string", default: "4000" } } });
const [INPUTS, BATCH, RATE] = [800, 256, 0.02];
/** Of the inputs' variances, and of what each adds to that of the targets. */
const [CAPACITY, SOURCE] = values.flat ? [0, 0] : [1.4, 2];

const ranks = tf.range(1, INPUTS + 1);
const scales = ranks.pow(-CAPACITY / 2);
const slopes = ranks.pow((CAPACITY - SOURCE) / 2).reshape([INPUTS, 1]);
const weights = tf.variable(tf.zeros([INPUTS, 1]));

const optimizer = tf.train.sgd(RATE);
for (let step = 0; step < Number(values.steps); step++) {
  const [inputs, targets] = tf.tidy(() => {
    const inputs = tf.randomNormal([BATCH, INPUTS], 0, 1, "float32", 10 + step).mul(scales);
    return [inputs, inputs.matMul(slopes)];
  });
  optimizer.minimize(() => tf.losses.meanSquaredError(targets, inputs.matMul(weights)));
  tf.dispose([inputs, targets]);
  if (step % 10 === 0) await tf.nextFrame();
}
