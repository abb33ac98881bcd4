import * as tf from "@tensorflow/tfjs";
import { seededValues } from "../../test/oracle/support/models.ts";

/** A network, a batch and the loss on it, as a training script would have them. */
export interface BenchmarkModel {
  readonly name: string;
  /** What it is, exactly enough to build it again. */
  readonly description: string;
  readonly variables: readonly tf.Tensor[];
  readonly loss: () => tf.Scalar;
  readonly dispose: () => void;
}

/**
 * Cross-entropy of a network of the Layers API, in training mode, with seeded weights.
 *
 * @param inputs of the shape that the network takes, handed over.
 * @param labels one-hot, of the network's output's shape, handed over.
 */
export function benchmarkModel(
  name: string,
  description: string,
  network: tf.LayersModel,
  inputs: tf.Tensor,
  labels: tf.Tensor,
): BenchmarkModel {
  network.trainableWeights.forEach((weight, index) => {
    const { shape } = weight;
    if (shape.length < 2 || shape.some((extent) => extent === null)) return;
    const fanIn = (shape as number[]).slice(0, -1).reduce((product, extent) => product * extent, 1);
    const values = seededValues(fanIn * (shape.at(-1) ?? 1), index).map((value) => value * Math.sqrt(6 / fanIn));
    tf.tidy(() => {
      weight.write(tf.tensor(values, shape as number[]));
    });
  });
  return {
    name,
    description,
    variables: network.trainableWeights.map((weight) => weight.read()),
    loss: () =>
      tf.losses.softmaxCrossEntropy(labels, network.apply(inputs, { training: true }) as tf.Tensor).asScalar(),
    dispose: () => {
      network.dispose();
      tf.dispose([inputs, labels]);
    },
  };
}

/** Labels 0, 1, 2, … in turn, one-hot: [...shape, classes]. */
export function labelsInTurn(shape: readonly number[], classes: number): tf.Tensor {
  const count = shape.reduce((product, extent) => product * extent, 1);
  const labels = Int32Array.from({ length: count }, (_, index) => index % classes);
  return tf.tidy(() => tf.oneHot(tf.tensor(labels, [...shape], "int32"), classes));
}
