import * as tf from "@tensorflow/tfjs";
import { seededValues } from "../../test/oracle/support/models.ts";
import { benchmarkModel, labelsInTurn, type BenchmarkModel } from "./benchmarkModel.ts";

export function multilayerPerceptron(examples = 256): BenchmarkModel {
  const network = tf.sequential({
    layers: [
      tf.layers.dense({ units: 256, activation: "relu", inputShape: [784] }),
      tf.layers.dense({ units: 256, activation: "relu" }),
      tf.layers.dense({ units: 10 }),
    ],
  });
  return benchmarkModel(
    "multilayer perceptron",
    `784-256-256-10, ReLU, batch of ${examples}`,
    network,
    tf.tensor(seededValues(examples * 784, 1), [examples, 784]),
    labelsInTurn([examples], 10),
  );
}
