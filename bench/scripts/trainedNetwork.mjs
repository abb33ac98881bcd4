/** The network that the benchmarks of overhead train, full batch by gradient descent: returns what takes one step. */
import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";

export async function trainedNetwork(examples, inputSize, width) {
  await tf.setBackend("wasm");
  await tf.ready();
  const inputs = tf.randomNormal([examples, inputSize], 0, 1, "float32", 1);
  const targets = tf.randomNormal([examples, 1], 0, 1, "float32", 2);
  const kernel = (rows, columns, seed) =>
    tf.variable(tf.randomNormal([rows, columns], 0, 1 / Math.sqrt(rows), "float32", seed));
  const kernels = [kernel(inputSize, width, 3), kernel(width, width, 4), kernel(width, 1, 5)];
  const network = () => inputs.matMul(kernels[0]).tanh().matMul(kernels[1]).tanh().matMul(kernels[2]);
  const optimizer = tf.train.sgd(1e-3);
  return () => optimizer.minimize(() => tf.losses.meanSquaredError(targets, network()));
}
