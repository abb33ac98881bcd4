import * as tf from "@tensorflow/tfjs";
import { constants, crossEntropy, dense, map, meanSquaredError } from "../reference/networks.ts";
import { at, type Node, type ScalarTape } from "../reference/scalarTape.ts";
import { seededValues } from "../support/models.ts";
import { type Architecture, classes, dataSize, labels } from "./architecture.ts";
import { compiledNetwork, hotRow, perExample, rowsOf, variableFactory, variablesNetwork } from "./building.ts";

type Activation = "tanh" | "relu" | "gelu";

const [inputs, first, second, outputs] = [3, 6, 5, classes];
const x = rowsOf(seededValues(dataSize * inputs, 101), inputs);
const targets = {
  crossEntropy: labels.map((label) => hotRow(label, outputs)),
  // Of the inputs, so that single gradients agree.
  meanSquaredError: x.map((row) => row.map((_, output) => 2 + at(row, output) - 0.5 * at(row, (output + 1) % inputs))),
};

const variables = [
  { name: "first/kernel", shape: [inputs, first], scale: 1.2 },
  { name: "first/bias", shape: [first], scale: 0.4 },
  { name: "second/kernel", shape: [first, second], scale: 0.9 },
  { name: "second/bias", shape: [second], scale: 0.4 },
  { name: "output/kernel", shape: [second, outputs], scale: 0.9 },
  { name: "output/bias", shape: [outputs], scale: 0.2 },
];

function mlp(
  activation: Activation,
  loss: Architecture["loss"],
  about: Pick<Architecture, "title" | "summary" | "rectified" | "balanced" | "build">,
): Architecture {
  return {
    ...about,
    variables,
    loss,
    targets: targets[loss],
    entering: (example) => at(x, example),
    scaleInvariant: [],
    refusals: [],
    reference(tape, weights, examples) {
      const apply = activationOn(tape, activation);
      const some = examples.map((example) => at(x, example));
      const read = (rows: number, columns: number) => [weights.matrix(rows, columns), weights.vector(columns)] as const;
      const entering = constants(tape, some.flat(), some.length, inputs);
      const hidden = map(dense(tape, entering, ...read(inputs, first)), apply);
      const features = map(dense(tape, hidden, ...read(first, second)), apply);
      const [classifier, offset] = read(second, outputs);
      const outcome = dense(tape, features, classifier, offset);
      const wanted = examples.map((example) => at(targets.meanSquaredError, example));
      return {
        loss:
          loss === "crossEntropy"
            ? crossEntropy(
                tape,
                outcome,
                examples.map((example) => at(labels, example)),
              )
            : meanSquaredError(tape, outcome, constants(tape, wanted.flat(), wanted.length, outputs)),
        outputs: outcome,
        features,
        classifier,
        inputs: { first: entering, second: hidden, output: features },
        activations: { first: perExample(hidden), second: perExample(features), output: perExample(outcome) },
      };
    },
  };
}

function activationOn(tape: ScalarTape, activation: Activation): (node: Node) => Node {
  if (activation !== "gelu") return (node) => tape.unary(activation, node);
  return (node) => {
    const bell = tape.unary("erf", tape.scale(node, Math.SQRT1_2));
    return tape.multiply(tape.scale(node, 0.5), tape.add(tape.constant(1), bell));
  };
}

function layersModel(optimizer: tf.Optimizer, suffix: string, activation: "tanh" | "relu", loss: Architecture["loss"]) {
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ name: `first${suffix}`, units: first, activation, inputShape: [inputs] }),
      tf.layers.dense({ name: `second${suffix}`, units: second, activation }),
      tf.layers.dense({
        name: `output${suffix}`,
        units: outputs,
        activation: loss === "crossEntropy" ? "softmax" : "linear",
      }),
    ],
  });
  model.compile({ optimizer, loss: loss === "crossEntropy" ? "categoricalCrossentropy" : loss });
  return compiledNetwork(model, variables, (examples) => [
    tf.tensor2d(examples.map((example) => at(x, example))),
    tf.tensor2d(examples.map((example) => at(targets[loss], example))),
  ]);
}

export const mlpTanh = mlp("tanh", "crossEntropy", {
  title: "MLP, tanh",
  summary: "Two hidden layers and a softmax, of tfjs-layers; categorical cross-entropy.",
  rectified: [],
  balanced: [],
  build: (optimizer, suffix) => layersModel(optimizer, suffix, "tanh", "crossEntropy"),
});

export const mlpRelu = mlp("relu", "meanSquaredError", {
  title: "MLP, ReLU",
  summary: "Two hidden layers and a linear one, of tfjs-layers; mean squared error.",
  rectified: ["first", "second"],
  balanced: [
    { first: "first/kernel", bias: "first/bias", second: "second/kernel" },
    { first: "second/kernel", bias: "second/bias", second: "output/kernel" },
  ],
  build: (optimizer, suffix) => layersModel(optimizer, suffix, "relu", "meanSquaredError"),
});

export const mlpGelu = mlp("gelu", "crossEntropy", {
  title: "MLP, GELU",
  summary: "The same on tf.matMul, with GELU composed by the script; tf.losses.softmaxCrossEntropy.",
  rectified: [],
  balanced: [],
  build(optimizer, suffix) {
    const made = variableFactory(variables, suffix);
    const [w1, b1, w2, b2, w3, b3] = made as [
      ...[tf.Variable<tf.Rank.R2>, tf.Variable, tf.Variable<tf.Rank.R2>],
      ...[tf.Variable, tf.Variable<tf.Rank.R2>, tf.Variable],
    ];
    const gelu = (z: tf.Tensor2D) => z.mul(0.5).mul<tf.Tensor2D>(z.div(Math.SQRT2).erf().add(1));
    return variablesNetwork(made, optimizer, (examples) => {
      const some = tf.tensor2d(examples.map((example) => at(x, example)));
      const hidden = gelu(tf.matMul(some, w1).add<tf.Tensor2D>(b1));
      const features = gelu(tf.matMul(hidden, w2).add<tf.Tensor2D>(b2));
      const logits = tf.matMul(features, w3).add(b3);
      const wanted = tf.tensor2d(examples.map((example) => at(targets.crossEntropy, example)));
      return tf.losses.softmaxCrossEntropy(wanted, logits);
    });
  },
});
