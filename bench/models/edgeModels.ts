import * as tf from "@tensorflow/tfjs";
import { seededValues, seededVariable, type Model } from "../../test/oracle/support/models.ts";

/** A model that full-batch gradient descent takes to the edge of stability. */
export interface EdgeModel extends Model {
  readonly name: string;
  readonly description: string;
  readonly learningRate: number;
  /** Steps after which its sharpness hovers about 2/learningRate. */
  readonly stepsToEdge: number;
}

type Weights = tf.Variable<tf.Rank.R2>;

/** Weights and bias for each pair of sizes in turn. */
function denseVariables(sizes: readonly number[], gain: number): tf.Variable[] {
  return sizes.slice(1).flatMap((size, index) => {
    const from = sizes[index] ?? 1;
    return [
      seededVariable([from, size], gain * Math.sqrt(3 / from), 2 * index),
      seededVariable([size], 0.1, 2 * index + 1),
    ];
  });
}

/** Dense layers with tanh between them. */
function tanhNetwork(variables: readonly tf.Variable[], x: tf.Tensor2D): tf.Tensor2D {
  let output = x;
  for (let index = 0; index < variables.length; index += 2) {
    const [weights, bias] = variables.slice(index, index + 2) as [Weights, tf.Variable];
    const sum: tf.Tensor2D = tf.add(tf.matMul(output, weights), bias);
    output = index + 2 < variables.length ? tf.tanh(sum) : sum;
  }
  return output;
}

/** As in `examples/edgeOfStability.ts`. */
export function chebyshevNetwork(): EdgeModel {
  const inputs = tf.linspace(-1, 1, 64).as2D(64, 1);
  const targets = tf.tidy(() => inputs.square().square().sub(inputs.square()).mul(8).add(1));
  const variables = denseVariables([1, 24, 24, 1], 1);
  return {
    name: "tanh network on T₄",
    description: "1-24-24-1, 64 points, learning rate 0.05",
    learningRate: 0.05,
    stepsToEdge: 3000,
    variables,
    loss: () => tf.losses.meanSquaredError(targets, tanhNetwork(variables, inputs)).asScalar(),
  };
}

export function randomRegression(): EdgeModel {
  const inputs = tf.tensor2d(seededValues(32 * 4, 9), [32, 4]);
  const targets = tf.tensor2d(
    seededValues(32, 10).map((value) => 2 * value),
    [32, 1],
  );
  const variables = denseVariables([4, 16, 16, 1], 1.2);
  return {
    name: "tanh network on random targets",
    description: "4-16-16-1, 32 points, learning rate 0.25",
    learningRate: 0.25,
    stepsToEdge: 1500,
    variables,
    loss: () => tf.losses.meanSquaredError(targets, tanhNetwork(variables, inputs)).asScalar(),
  };
}

export function smallConvolutional(): EdgeModel {
  const inputs = tf.tensor4d(seededValues(40 * 64, 11), [40, 8, 8, 1]);
  const labels = Int32Array.from({ length: 40 }, (_, index) => ((index * 7) % 5) % 4);
  const targets = tf.tidy(() => tf.oneHot(tf.tensor1d(labels, "int32"), 4));
  const variables = [
    seededVariable([3, 3, 1, 4], 0.7, 1),
    seededVariable([4], 0.1, 2),
    seededVariable([3, 3, 4, 6], 0.35, 3),
    seededVariable([6], 0.1, 4),
    seededVariable([24, 4], 0.4, 5),
    seededVariable([4], 0.1, 6),
  ];
  const [first, firstBias, second, secondBias, weights, bias] = variables as [
    ...[tf.Variable<tf.Rank.R4>, tf.Variable, tf.Variable<tf.Rank.R4>, tf.Variable],
    ...[Weights, tf.Variable],
  ];
  return {
    name: "ReLU convolutional network",
    description: "3×3 convolutions to 4 and 6 channels, max pooling, 40 images of 8×8, learning rate 0.2",
    learningRate: 0.2,
    stepsToEdge: 400,
    variables,
    loss() {
      const seen = tf.maxPool(tf.relu(tf.conv2d(inputs, first, 1, "same").add<tf.Tensor4D>(firstBias)), 2, 2, "valid");
      const features = tf.relu(tf.conv2d(seen, second, 1, "valid").add(secondBias));
      const outputs = tf.add(tf.matMul(features.reshape<tf.Tensor2D>([40, 24]), weights), bias);
      return tf.losses.meanSquaredError(targets, outputs).mul(4).asScalar();
    },
  };
}
