import * as tf from "@tensorflow/tfjs";
import { seededValues } from "../../test/oracle/support/models.ts";
import { benchmarkModel, labelsInTurn, type BenchmarkModel } from "./benchmarkModel.ts";

export function convolutionalNetwork(examples = 64): BenchmarkModel {
  const network = tf.sequential({
    layers: [
      tf.layers.conv2d({ filters: 16, kernelSize: 3, padding: "same", activation: "relu", inputShape: [28, 28, 1] }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.conv2d({ filters: 32, kernelSize: 3, padding: "same", activation: "relu" }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 10 }),
    ],
  });
  return benchmarkModel(
    "convolutional network",
    `28×28 images, 3×3 convolutions to 16 and 32 channels, each with ReLU and max pooling, batch of ${examples}`,
    network,
    tf.tensor(seededValues(examples * 28 * 28, 1), [examples, 28, 28, 1]),
    labelsInTurn([examples], 10),
  );
}
