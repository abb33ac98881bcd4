/**
 * What the Layers API trains with: no kernel on the way is without a rule, and products with the Hessian equal central
 * differences of gradients replayed along the same record.
 */
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { overMicroBatches } from "../../src/probe/tfjs/trace/overMicroBatches.ts";
import { UnsupportedKernelError } from "../../src/probe/tfjs/trace/rule.ts";
import { UnsplittableError } from "../../src/probe/tfjs/trace/splitRules.ts";
import { testedBackends, useBackend } from "./support/backends.ts";
import { seededValues, withTrace } from "./support/models.ts";

type Loss = (labels: tf.Tensor, outputs: tf.Tensor) => tf.Tensor;

interface Network {
  readonly layers: () => tf.layers.Layer[];
  readonly input: number[];
  /** Inputs are word ids below this instead of numbers. */
  readonly words?: number;
  readonly outputs: number;
  readonly loss?: Loss;
}

const crossEntropy: Loss = (labels, outputs) => tf.losses.softmaxCrossEntropy(labels, outputs);
const l = tf.layers;
const image = [8, 8, 2];
const sequence = [5, 3];
const flattened = () => [l.flatten(), l.dense({ units: 3 })];
const activated = (activation: string): Network => ({
  layers: () => [l.dense({ units: 6, activation: activation as "relu", inputShape: [4] }), l.dense({ units: 3 })],
  input: [4],
  outputs: 3,
});

const upsampling = "upsampling to the nearest neighbour";

const networks: Readonly<Record<string, Network>> = {
  ...Object.fromEntries(
    [
      "elu",
      "hardSigmoid",
      "relu",
      "relu6",
      "selu",
      "sigmoid",
      "softmax",
      "softplus",
      "softsign",
      "tanh",
      "swish",
      "mish",
      "gelu",
      "gelu_new",
    ].map((name) => [`activation ${name}`, activated(name)] as const),
  ),
  "leaky and parametric ReLU": {
    layers: () => [
      l.dense({ units: 6, inputShape: [4] }),
      l.leakyReLU({ alpha: 0.2 }),
      l.dense({ units: 6 }),
      l.prelu({ alphaInitializer: "ones" }),
      l.dense({ units: 3 }),
    ],
    input: [4],
    outputs: 3,
  },
  "convolutions with strides and padding": {
    layers: () => [
      l.conv2d({ filters: 3, kernelSize: 3, strides: 2, padding: "same", activation: "tanh", inputShape: image }),
      l.conv2d({ filters: 3, kernelSize: 2, padding: "same", activation: "tanh", useBias: false }),
      l.zeroPadding2d({ padding: 1 }),
      ...flattened(),
    ],
    input: image,
    outputs: 3,
  },
  "one-dimensional and transposed convolutions": {
    layers: () => [
      l.conv1d({ filters: 4, kernelSize: 2, activation: "tanh", inputShape: sequence }),
      l.reshape({ targetShape: [2, 2, 4] }),
      l.conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2, activation: "tanh" }),
      ...flattened(),
    ],
    input: sequence,
    outputs: 3,
  },
  "depthwise and separable convolutions": {
    layers: () => [
      l.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, activation: "tanh", inputShape: image }),
      l.separableConv2d({ filters: 3, kernelSize: 3, padding: "same", activation: "tanh" }),
      ...flattened(),
    ],
    input: image,
    outputs: 3,
  },
  pooling: {
    layers: () => [
      l.conv2d({ filters: 3, kernelSize: 3, padding: "same", inputShape: image }),
      l.maxPooling2d({ poolSize: 3, strides: 2, padding: "same" }),
      l.averagePooling2d({ poolSize: 2, strides: 1 }),
      l.conv2d({ filters: 3, kernelSize: 2, activation: "tanh" }),
      l.globalAveragePooling2d({}),
      l.dense({ units: 3 }),
    ],
    input: image,
    outputs: 3,
  },
  "convolution and pooling of volumes": {
    layers: () => [
      l.conv3d({ filters: 3, kernelSize: 2, activation: "tanh", inputShape: [5, 5, 5, 2] }),
      // Windows side by side: among many that overlap, differences would cross a kink.
      l.maxPooling3d({ poolSize: 2 }),
      l.conv3d({ filters: 2, kernelSize: 2, padding: "same", activation: "tanh" }),
      l.averagePooling3d({ poolSize: 2 }),
      ...flattened(),
    ],
    input: [5, 5, 5, 2],
    outputs: 3,
  },
  [upsampling]: {
    layers: () => [
      l.conv2d({ filters: 3, kernelSize: 3, activation: "tanh", inputShape: image }),
      l.upSampling2d({ size: [2, 2] }),
      ...flattened(),
    ],
    input: image,
    outputs: 3,
  },
  "global max pooling over a sequence": {
    layers: () => [
      l.conv1d({ filters: 4, kernelSize: 2, inputShape: sequence }),
      l.globalMaxPooling1d(),
      l.dense({ units: 3 }),
    ],
    input: sequence,
    outputs: 3,
  },
  "batch and layer normalization": {
    layers: () => [
      l.dense({ units: 6, inputShape: [4] }),
      l.batchNormalization(),
      l.activation({ activation: "tanh" }),
      l.layerNormalization(),
      l.dense({ units: 3 }),
    ],
    input: [4],
    outputs: 3,
  },
  "batch normalization of images": {
    layers: () => [
      l.conv2d({ filters: 3, kernelSize: 3, inputShape: image }),
      l.batchNormalization(),
      l.activation({ activation: "tanh" }),
      ...flattened(),
    ],
    input: image,
    outputs: 3,
  },
  "dropout and noise": {
    layers: () => [
      l.dense({ units: 8, activation: "tanh", inputShape: [4] }),
      l.dropout({ rate: 0.3 }),
      l.gaussianNoise({ stddev: 0.1 }),
      l.gaussianDropout({ rate: 0.2 }),
      l.alphaDropout({ rate: 0.2 }),
      l.dense({ units: 3 }),
    ],
    input: [4],
    outputs: 3,
  },
  "embedding and LSTM": {
    layers: () => [
      l.embedding({ inputDim: 7, outputDim: 3, inputLength: 5 }),
      l.lstm({ units: 4, recurrentInitializer: "glorotNormal" }),
      l.dense({ units: 3 }),
    ],
    input: [5],
    words: 7,
    outputs: 3,
  },
  "GRU and simple RNN, in both directions": {
    layers: () => [
      l.gru({ units: 4, returnSequences: true, recurrentInitializer: "glorotNormal", inputShape: sequence }),
      l.bidirectional({
        layer: l.simpleRNN({ units: 3, recurrentInitializer: "glorotNormal" }),
        mergeMode: "concat",
      }),
      l.dense({ units: 3 }),
    ],
    input: sequence,
    outputs: 3,
  },
  "time-distributed, repeated and permuted": {
    layers: () => [
      l.timeDistributed({ layer: l.dense({ units: 4, activation: "tanh" }), inputShape: sequence }),
      l.permute({ dims: [2, 1] }),
      l.flatten(),
      l.repeatVector({ n: 2 }),
      ...flattened(),
    ],
    input: sequence,
    outputs: 3,
  },
  ...Object.fromEntries(
    Object.entries({
      "mean squared error": (labels, outputs) => tf.losses.meanSquaredError(labels, outputs),
      "Huber loss": (labels, outputs) => tf.losses.huberLoss(labels, outputs, undefined, 0.5),
      "hinge loss": (labels, outputs) => tf.losses.hingeLoss(labels, outputs.square()),
      "log loss": (labels, outputs) => tf.losses.logLoss(labels, tf.sigmoid(outputs)),
      "sigmoid cross-entropy": (labels, outputs) => tf.losses.sigmoidCrossEntropy(labels, outputs),
      "absolute difference of squares": (labels, outputs) => tf.losses.absoluteDifference(labels, outputs.square()),
      "cosine distance": (labels, outputs) =>
        tf.losses.cosineDistance(labels, outputs.div(outputs.square().sum(-1, true).sqrt()), 1),
      "categorical cross-entropy of the Layers API": (labels, outputs) =>
        tf.metrics.categoricalCrossentropy(labels, tf.softmax(outputs)).mean(),
      "focal power of probabilities": (labels, outputs) => {
        const probability = tf.softmax(outputs).clipByValue(1e-6, 1);
        return tf.neg(labels.mul(tf.pow(tf.sub(1, probability), 2)).mul(tf.log(probability))).sum();
      },
    } satisfies Record<string, Loss>).map(([name, loss]) => [name, { ...activated("tanh"), loss }] as const),
  ),
};

function makeModel({ layers, input, words, outputs, loss = crossEntropy }: Network) {
  const batch = 4;
  const model = tf.sequential({ layers: layers() });
  const size = batch * input.reduce((product, extent) => product * extent, 1);
  const raw = seededValues(size, 1);
  const inputs =
    words === undefined
      ? tf.tensor(raw, [batch, ...input])
      : tf.tensor(
          raw.map((value) => Math.floor(((value + 1) / 2) * words)),
          [batch, ...input],
        );
  const labels = tf.oneHot(tf.tensor1d([0, 1, 2, 1], "int32"), outputs).toFloat();
  const variables = model.trainableWeights.map((weight) => {
    const variable = weight.read();
    if (!(variable instanceof tf.Variable)) throw new Error(`${weight.name} is no variable`);
    return variable;
  });
  variables.forEach((variable, index) => {
    const shape = variable.shape as readonly number[];
    // Weights of the initializer's scale or, for biases, small; never those of another run.
    const scale = variable.rank === 1 ? 0.3 : Math.sqrt(3 / (variable.size / (shape.at(-1) ?? 1)));
    const values = seededValues(variable.size, 40 + index).map(
      (value) => scale * value + (variable.rank === 1 ? 0.4 : 0),
    );
    tf.tidy(() => {
      variable.assign(tf.tensor(values, variable.shape));
    });
  });
  const evaluate = () => loss(labels, model.apply(inputs, { training: true }) as tf.Tensor).asScalar();
  return {
    variables,
    evaluate,
    dispose: () => {
      model.dispose();
      tf.dispose([inputs, labels]);
    },
  };
}

describe.each(testedBackends)("on %s, Hessian-vector products equal differences of replayed gradients", (backend) => {
  const sound = Object.entries(networks).filter(([name]) => backend !== "cpu" || name !== upsampling);
  test.each(sound)("%s", async (name, network) => {
    const engine = await useBackend(backend);
    const { variables, evaluate, dispose } = makeModel(network);
    withTrace(engine, evaluate, variables, (trace) => {
      expect(trace.unsupported).toEqual([]);
      const direction = seededValues(trace.parameterCount, 77);
      const product = trace.hessianVector(direction);
      const weights = trace.weights();
      const differences = (step: number) => {
        const [up, down] = [1, -1].map((sign) => {
          const point = trace.at(weights.map((weight, index) => weight + sign * step * (direction[index] ?? 0)));
          const gradient = point.gradient();
          point.dispose();
          return gradient;
        });
        return (up ?? product).map((value, index) => (value - (down?.[index] ?? 0)) / (2 * step));
      };
      // The best of three steps: cancellation grows as they shrink, truncation and crossed kinks as they grow.
      const distances = [2 ** -8, 2 ** -10, 2 ** -12].map((step) => {
        const expected = differences(step);
        return Math.hypot(...product.map((value, index) => value - (expected[index] ?? 0))) / Math.hypot(...expected);
      });
      // At a step of 1e-3 float32 gradients differ to about 6e-8/1e-3, amplified by the ratio of gradient to curvature.
      expect(Math.min(...distances)).toBeLessThan(2e-3);
      // Parts of the batch make up the whole, unless its statistics enter.
      const parts = () => overMicroBatches(trace, { batch: 4, count: 4, seed: 1 }, () => undefined);
      if (/^batch .*normalization/.test(name)) expect(parts).toThrow(UnsplittableError);
      else expect(parts()).toHaveLength(4);
    });
    dispose();
  });
});

test("upsampling on plain JavaScript has no curvature, as its gradient is of no loss", async () => {
  const engine = await useBackend("cpu");
  const gradientOf = (images: tf.Tensor4D, by: tf.Tensor4D) =>
    tf.grad((x) =>
      tf.image
        .resizeNearestNeighbor(x as tf.Tensor4D, [4, 4])
        .mul(by)
        .sum(),
    )(images);
  const distance = tf.tidy(() => {
    const [images, by] = [tf.ones<tf.Rank.R4>([2, 2, 2, 1]), tf.tensor4d(seededValues(32, 1), [2, 4, 4, 1])];
    // Each pixel's gradient is the sum over the four that it is copied to.
    const exact = tf.avgPool(by, 2, 2, "valid").mul(4);
    return exact.sub(gradientOf(images, by)).abs().max().dataSync()[0] ?? Number.NaN;
  });
  expect(distance).toBeGreaterThan(0.1);
  const { variables, evaluate, dispose } = makeModel(networks[upsampling] ?? activated("tanh"));
  withTrace(engine, evaluate, variables, (trace) => {
    expect(() => trace.hessianVector(trace.gradient())).toThrow(UnsupportedKernelError);
  });
  dispose();
});
