import * as tf from "@tensorflow/tfjs";
import type { Engine, Tensor } from "../../../src/probe/tfjs/engine.ts";
import { recordTrace } from "../../../src/probe/tfjs/trace/recordTrace.ts";
import type { Trace } from "../../../src/probe/tfjs/trace/trace.ts";

/** Numbers between −1 and 1 from a fixed linear congruence. */
export function seededValues(count: number, seed: number): Float32Array {
  let state = 7919 * (seed + 1);
  return Float32Array.from({ length: count }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return (2 * state) / 2_147_483_647 - 1;
  });
}

/** A variable with seeded values of a given scale. */
export function seededVariable(shape: number[], scale: number, seed: number): tf.Variable {
  const values = seededValues(tf.util.sizeFromShape(shape), seed).map((value) => value * scale);
  return tf.tidy(() => tf.variable(tf.tensor(values, shape)));
}

/** Records one evaluation of a loss and its gradients, hands both over, and frees all. */
export function withTrace<T>(
  engine: Engine,
  loss: () => tf.Scalar,
  variables: readonly tf.Tensor[],
  use: (trace: Trace, gradients: readonly (Tensor | null | undefined)[]) => T,
): T {
  const tensors: Tensor[] = [...variables];
  const { evaluation, trace, failure } = recordTrace(engine, () => engine.gradients(loss, tensors), tensors);
  if (trace === undefined) throw failure ?? new Error("no trace");
  try {
    return use(trace, evaluation.grads);
  } finally {
    trace.dispose();
    evaluation.value.dispose();
    for (const gradient of evaluation.grads) gradient?.dispose();
  }
}

/** One step of gradient descent with the gradients that the evaluation gave. */
export function descend(
  variables: readonly tf.Variable[],
  gradients: readonly (Tensor | null | undefined)[],
  learningRate: number,
): void {
  tf.tidy(() => {
    variables.forEach((variable, index) => {
      variable.assign(variable.sub((gradients[index] as tf.Tensor).mul(learningRate)));
    });
  });
}

export interface Model {
  readonly variables: readonly tf.Variable[];
  readonly loss: () => tf.Scalar;
}

export const mlpShape = { batch: 10, inputs: 8, hidden: 20, outputs: 3 } as const;

/** Three dense layers, tanh, mean squared error: 8·20 + 20 + 20·20 + 20 + 20·3 + 3 = 663 parameters. */
export function makeMlp(): Model & { readonly inputs: Float32Array; readonly targets: Float32Array } {
  const { batch, inputs, hidden, outputs } = mlpShape;
  const inputValues = seededValues(batch * inputs, 1);
  const targetValues = seededValues(batch * outputs, 2);
  const variables = [
    seededVariable([inputs, hidden], 0.9, 3),
    seededVariable([hidden], 0.1, 4),
    seededVariable([hidden, hidden], 0.6, 5),
    seededVariable([hidden], 0.1, 6),
    seededVariable([hidden, outputs], 0.6, 7),
    seededVariable([outputs], 0.1, 8),
  ];
  const [w1, b1, w2, b2, w3, b3] = variables as [
    tf.Variable<tf.Rank.R2>,
    tf.Variable,
    tf.Variable<tf.Rank.R2>,
    tf.Variable,
    tf.Variable<tf.Rank.R2>,
    tf.Variable,
  ];
  const loss = () => {
    const x = tf.tensor2d(inputValues, [batch, inputs]);
    const first = tf.tanh(tf.add(tf.matMul(x, w1), b1));
    const second = tf.tanh(tf.add(tf.matMul(first, w2), b2));
    const output = tf.add(tf.matMul(second, w3), b3);
    return tf.losses.meanSquaredError(tf.tensor2d(targetValues, [batch, outputs]), output).asScalar();
  };
  return { variables, loss, inputs: inputValues, targets: targetValues };
}

export const cnnShape = { batch: 4, side: 8, channels: 1, filters: 3, deeper: 4, classes: 3 } as const;

/** Two convolutions of 3×3, ReLU, max pooling after the first, and a dense layer; cross-entropy. */
export function makeCnn(): Model & { readonly inputs: Float32Array; readonly labels: number[] } {
  const { batch, side, channels, filters, deeper, classes } = cnnShape;
  const inputValues = seededValues(batch * side * side * channels, 11);
  const labels = [0, 1, 2, 1];
  const variables = [
    seededVariable([3, 3, channels, filters], 0.8, 12),
    seededVariable([filters], 0.2, 13),
    seededVariable([2, 2, filters, deeper], 0.7, 14),
    seededVariable([deeper], 0.2, 15),
    seededVariable([4 * deeper, classes], 0.6, 16),
    seededVariable([classes], 0.1, 17),
  ];
  const [f1, b1, f2, b2, w, b] = variables as [
    tf.Variable<tf.Rank.R4>,
    tf.Variable,
    tf.Variable<tf.Rank.R4>,
    tf.Variable,
    tf.Variable<tf.Rank.R2>,
    tf.Variable,
  ];
  const loss = () => {
    const x = tf.tensor4d(inputValues, [batch, side, side, channels]);
    const first = tf.maxPool(tf.relu(tf.conv2d(x, f1, 1, "valid").add<tf.Tensor4D>(b1)), 2, 2, "valid");
    const second = tf.relu(tf.conv2d(first, f2, 1, "valid").add(b2));
    const logits = tf.add(tf.matMul(second.reshape<tf.Tensor2D>([batch, 4 * deeper]), w), b);
    return tf.losses.softmaxCrossEntropy(tf.oneHot(tf.tensor1d(labels, "int32"), classes), logits).asScalar();
  };
  return { variables, loss, inputs: inputValues, labels };
}

export const transformerShape = { words: 7, length: 5, width: 6, inner: 10, epsilon: 1e-3 } as const;

/** One block: embedding, causal-free single-head attention, layer normalization, a tanh feed-forward, and next-word logits. */
export function makeTransformer(): Model & { readonly words: number[]; readonly labels: number[] } {
  const { words: vocabulary, length, width, inner, epsilon } = transformerShape;
  const words = [3, 1, 4, 1, 5];
  const labels = [1, 4, 1, 5, 2];
  const shapes = [
    [vocabulary, width],
    [width, width],
    [width, width],
    [width, width],
    [width],
    [width],
    [width, inner],
    [inner],
    [inner, width],
    [width],
    [width, vocabulary],
  ];
  const variables = shapes.map((shape, index) => seededVariable(shape, 0.8, 21 + index));
  type Weights = tf.Variable<tf.Rank.R2>;
  const [embedding, query, key, value, gain, bias, up, upBias, down, downBias, out] = variables as [
    ...[Weights, Weights, Weights, Weights, tf.Variable, tf.Variable],
    ...[Weights, tf.Variable, Weights, tf.Variable, Weights],
  ];
  const loss = () => {
    const x = tf.gather(embedding, tf.tensor1d(words, "int32"));
    const project = (weights: tf.Tensor2D) => tf.matMul(x, weights).expandDims(0);
    const scores = tf.matMul(project(query), project(key), false, true).mul(1 / Math.sqrt(width));
    const attended = tf.matMul(tf.softmax(scores), project(value)).reshape([length, width]);
    const mixed = tf.add(x, attended);
    const { mean, variance } = tf.moments(mixed, 1, true);
    const inverse = tf.rsqrt(variance.add(epsilon));
    const normalized = mixed.sub(mean).mul(inverse).mul(gain).add<tf.Tensor2D>(bias);
    const widened = tf.tanh(tf.matMul(normalized, up).add<tf.Tensor2D>(upBias));
    const block = normalized.add<tf.Tensor2D>(tf.matMul(widened, down).add(downBias));
    const logits = tf.matMul(block, out);
    return tf.losses.softmaxCrossEntropy(tf.oneHot(tf.tensor1d(labels, "int32"), vocabulary), logits).asScalar();
  };
  return { variables, loss, words, labels };
}
