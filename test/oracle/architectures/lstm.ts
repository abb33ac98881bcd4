import * as tf from "@tensorflow/tfjs";
import { crossEntropy, dense, plus, product } from "../reference/networks.ts";
import { at, type Node, type ScalarTape } from "../reference/scalarTape.ts";
import { seededValues } from "../support/models.ts";
import { type Architecture, classes, dataSize, labels } from "./architecture.ts";
import { compiledNetwork, hotRow, perExample, rowsOf } from "./building.ts";

const [length, inputs, units] = [4, 2, 3];
const gates = 4;

const series = rowsOf(seededValues(dataSize * length * inputs, 501), length * inputs);
const targets = labels.map((label) => hotRow(label, classes));

const variables = [
  { name: "lstm/kernel", shape: [inputs, gates * units], scale: 1.2 },
  { name: "lstm/recurrent_kernel", shape: [units, gates * units], scale: 1 },
  { name: "lstm/bias", shape: [gates * units], scale: 0.6 },
  { name: "output/kernel", shape: [units, classes], scale: 1.5 },
  { name: "output/bias", shape: [classes], scale: 0.3 },
];

const ofActivations = [
  "activation/rms",
  "activation/mean",
  "activation/effectiveRank",
  "activation/participationRatio",
];
const ofAgreement = ["agreement/cka", "agreement/neighbours", "representation/neighbours"];
const withNulls = ["activation/participationRatio", "agreement/neighbours"];

export const lstm: Architecture = {
  title: "LSTM",
  summary:
    "An LSTM (tanh, hard sigmoid gates) and a softmax on its last state, of tfjs-layers; categorical cross-entropy.",
  variables,
  loss: "crossEntropy",
  targets,
  entering: (example) => at(series, example),
  rectified: [],
  balanced: [],
  scaleInvariant: [],
  refusals: ["lstm", "lstm/recurrent_kernel"].map((layer) => ({
    names: [
      ...[...ofActivations, ...ofAgreement].map((name) => `${name}@${layer}`),
      ...withNulls.map((name) => `${name}@${layer}/null`),
    ],
    reason: "used at every position",
    note: new RegExp(`Activations of ${layer} are not measured: it is used several times`),
  })),
  build(optimizer, suffix) {
    const model = tf.sequential({
      layers: [
        tf.layers.lstm({ name: `lstm${suffix}`, units, inputShape: [length, inputs] }),
        tf.layers.dense({ name: `output${suffix}`, units: classes, activation: "softmax" }),
      ],
    });
    model.compile({ optimizer, loss: "categoricalCrossentropy" });
    return compiledNetwork(model, variables, (examples) => [
      tf.tensor3d(
        examples.flatMap((example) => at(series, example)),
        [examples.length, length, inputs],
      ),
      tf.tensor2d(examples.map((example) => at(targets, example))),
    ]);
  },
  reference(tape, weights, examples) {
    const [kernel, recurrent] = [weights.matrix(inputs, gates * units), weights.matrix(units, gates * units)];
    const bias = weights.vector(gates * units);
    const classifier = weights.matrix(units, classes);
    const zeros = Array.from({ length: units }, () => tape.constant(0));
    const features = examples.map((example) => {
      let [state, memory] = [zeros, zeros];
      for (const step of rowsOf(at(series, example), inputs)) {
        const x = [step.map((value) => tape.constant(value))];
        const summed = at(plus(tape, dense(tape, x, kernel, bias), product(tape, [state], recurrent)), 0);
        const gate = (index: number) => summed.slice(index * units, (index + 1) * units);
        const [enter, keep, leave] = [0, 1, 3].map((index) => gate(index).map((node) => hardSigmoid(tape, node))) as [
          ...[Node[], Node[], Node[]],
        ];
        const candidate = gate(2).map((node) => tape.unary("tanh", node));
        memory = memory.map((node, unit) =>
          tape.add(tape.multiply(at(keep, unit), node), tape.multiply(at(enter, unit), at(candidate, unit))),
        );
        state = memory.map((node, unit) => tape.multiply(at(leave, unit), tape.unary("tanh", node)));
      }
      return state;
    });
    const logits = dense(tape, features, classifier, weights.vector(classes));
    return {
      loss: crossEntropy(
        tape,
        logits,
        examples.map((example) => at(labels, example)),
      ),
      outputs: logits,
      features,
      classifier,
      inputs: { output: features },
      activations: { output: perExample(logits) },
    };
  },
};

/** 0.2·x + 0.5, cut off at 0 and at 1. */
function hardSigmoid(tape: ScalarTape, x: Node): Node {
  const line = tape.add(tape.scale(x, 0.2), tape.constant(0.5));
  const excess = tape.unary("relu", tape.subtract(line, tape.constant(1)));
  return tape.subtract(tape.unary("relu", line), excess);
}
