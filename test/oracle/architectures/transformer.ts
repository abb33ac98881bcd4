import * as tf from "@tensorflow/tfjs";
import { crossEntropy, dense, layerNorm, map, plus, product, softmax, transpose } from "../reference/networks.ts";
import { at, type Node, type ScalarTape } from "../reference/scalarTape.ts";
import { type Architecture, classes, dataSize, labels } from "./architecture.ts";
import { hotRow, initialized, perExample, variablesNetwork } from "./building.ts";

const [vocabulary, length, width, inner] = [5, 3, 3, 4];
const epsilon = 1e-3;

/** No two examples of the same words, as their representations would be equal but for rounding; in some order. */
const words = drawn([], 0)
  .map((_, index, all) => at(all, (13 * index) % all.length))
  .slice(0, dataSize)
  .map((sequence, index) => sequence.map((_word, position) => at(sequence, (position + index) % length)));
const targets = labels.map((label) => hotRow(label, classes));

/** Words in ascending order that begin with some. */
function drawn(first: readonly number[], from: number): number[][] {
  if (first.length === length) return [[...first]];
  return Array.from({ length: vocabulary - from }, (_, index) => drawn([...first, from + index], from + index)).flat();
}

const embeddings = "embedding/embeddings";
const variables = [
  { name: embeddings, shape: [vocabulary, width], scale: 1.2 },
  { name: "firstNorm/gamma", shape: [width], scale: 1.5 },
  { name: "firstNorm/beta", shape: [width], scale: 0.5 },
  { name: "query/kernel", shape: [width, width], scale: 0.9 },
  { name: "key/kernel", shape: [width, width], scale: 0.9 },
  { name: "value/kernel", shape: [width, width], scale: 0.9 },
  { name: "secondNorm/gamma", shape: [width], scale: 1.5 },
  { name: "secondNorm/beta", shape: [width], scale: 0.5 },
  { name: "up/kernel", shape: [width, inner], scale: 0.9 },
  { name: "up/bias", shape: [inner], scale: 0.4 },
  { name: "down/kernel", shape: [inner, width], scale: 0.9 },
  { name: "down/bias", shape: [width], scale: 0.4 },
  { name: "output/kernel", shape: [width, classes], scale: 1 },
  { name: "output/bias", shape: [classes], scale: 0.2 },
];

/** 0.5·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))) */
function approximateGelu(tape: ScalarTape, x: Node): Node {
  const cube = tape.multiply(x, tape.multiply(x, x));
  const inside = tape.scale(tape.add(x, tape.scale(cube, 0.044_715)), Math.sqrt(2 / Math.PI));
  return tape.multiply(tape.scale(x, 0.5), tape.add(tape.constant(1), tape.unary("tanh", inside)));
}

export const transformer: Architecture = {
  title: "Transformer",
  summary:
    "Embedding, attention, GELU and layer normalizations before either, residual streams and a mean over positions; layers of tfjs-layers called by the script, attention by tf.matMul and tf.softmax; tf.losses.softmaxCrossEntropy.",
  variables,
  loss: "crossEntropy",
  targets,
  entering: (example) => at(words, example),
  rectified: [],
  balanced: [],
  scaleInvariant: [],
  refusals: [],
  build(optimizer, suffix) {
    const project = (name: string, from: number, to: number, rest: object = { useBias: false }) =>
      tf.layers.dense({ name: name + suffix, units: to, inputShape: [length, from], ...rest });
    const embedding = tf.layers.embedding({
      name: `embedding${suffix}`,
      inputDim: vocabulary,
      outputDim: width,
      inputLength: length,
    });
    const firstNorm = tf.layers.layerNormalization({ name: `firstNorm${suffix}`, epsilon });
    const [query, key, value] = [
      project("query", width, width),
      project("key", width, width),
      project("value", width, width),
    ];
    const secondNorm = tf.layers.layerNormalization({ name: `secondNorm${suffix}`, epsilon });
    const up = project("up", width, inner, { activation: "gelu_new" });
    const down = project("down", inner, width, {});
    const output = tf.layers.dense({ name: `output${suffix}`, units: classes, inputShape: [width] });
    const call = (layer: tf.layers.Layer, x: tf.Tensor) => layer.apply(x) as tf.Tensor3D;
    const logits = (x: tf.Tensor) => {
      const stream = call(embedding, x);
      const normalized = call(firstNorm, stream);
      const scores = tf.matMul(call(query, normalized), call(key, normalized), false, true);
      const attention = tf.softmax<tf.Tensor3D>(scores.div(Math.sqrt(width)));
      const mixed = stream.add<tf.Tensor3D>(tf.matMul(attention, call(value, normalized)));
      const block = mixed.add(call(down, call(up, call(secondNorm, mixed))));
      return output.apply(block.mean(1)) as tf.Tensor2D;
    };
    tf.tidy(() => logits(tf.zeros([1, length])));
    const layers = [embedding, firstNorm, query, key, value, secondNorm, up, down, output];
    return variablesNetwork(initialized(layers, variables), optimizer, (examples) =>
      tf.losses.softmaxCrossEntropy(
        tf.tensor2d(examples.map((example) => at(targets, example))),
        logits(tf.tensor2d(examples.map((example) => at(words, example)))),
      ),
    );
  },
  reference(tape, weights, examples) {
    const table = weights.matrix(vocabulary, width);
    const firstNorm = [weights.vector(width), weights.vector(width)] as const;
    const [query, key, value] = [0, 1, 2].map(() => weights.matrix(width, width)) as [Node[][], Node[][], Node[][]];
    const secondNorm = [weights.vector(width), weights.vector(width)] as const;
    const [up, upBias] = [weights.matrix(width, inner), weights.vector(inner)];
    const [down, downBias] = [weights.matrix(inner, width), weights.vector(width)];
    const classifier = weights.matrix(width, classes);
    const offset = weights.vector(classes);
    const sequences = examples.map((example) => {
      const stream = at(words, example).map((word) => at(table, word));
      const normalized = layerNorm(tape, stream, ...firstNorm, epsilon);
      const [queries, keys, values] = [query, key, value].map((each) => product(tape, normalized, each)) as [
        ...[Node[][], Node[][], Node[][]],
      ];
      const scores = map(product(tape, queries, transpose(keys)), (node) => tape.scale(node, 1 / Math.sqrt(width)));
      const attention = scores.map((row) => softmax(tape, row));
      const mixed = plus(tape, stream, product(tape, attention, values));
      const inside = layerNorm(tape, mixed, ...secondNorm, epsilon);
      const widened = map(dense(tape, inside, up, upBias), (node) => approximateGelu(tape, node));
      const narrowed = dense(tape, widened, down, downBias);
      const block = plus(tape, mixed, narrowed);
      const pooled = transpose(block).map((unit) => tape.scale(tape.sum(unit), 1 / unit.length));
      return { stream, queries, keys, values, mixed, widened, narrowed, block, pooled };
    });
    const features = sequences.map(({ pooled }) => pooled);
    const logits = dense(tape, features, classifier, offset);
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
      activations: {
        [embeddings]: sequences.map(({ stream }) => stream),
        query: sequences.map(({ queries }) => queries),
        key: sequences.map(({ keys }) => keys),
        value: sequences.map(({ values }) => values),
        up: sequences.map(({ widened }) => widened),
        down: sequences.map(({ narrowed }) => narrowed),
        output: perExample(logits),
      },
      stream: [
        sequences.map(({ stream }) => stream),
        sequences.map(({ mixed }) => mixed),
        sequences.map(({ block }) => block),
      ],
    };
  },
};
