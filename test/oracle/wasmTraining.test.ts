/** WebAssembly trains what plain JavaScript trains: every layer of the Layers API, from the same weights on the same data. */
import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { useBackend, type BackendName } from "./support/backends.ts";
import { seededValues } from "./support/models.ts";

interface Network {
  readonly input: number[];
  readonly layers: readonly (() => tf.layers.Layer)[];
  readonly batch?: number;
  /** Inputs are whole numbers below this instead. */
  readonly words?: number;
}

const l = tf.layers;
const [features, sequence, image, volume] = [[4], [6, 3], [8, 8, 2], [5, 5, 5, 2]];
const recurrentInitializer = "glorotNormal";
const dense = (units: number) => () => l.dense({ units });
const flat = () => l.flatten();

/** Layers that come after a trained one, so that gradients go through them. */
function after(input: number[], ...layers: (() => tf.layers.Layer)[]): Network {
  return { input, layers: [dense(3), ...layers, flat, dense(3)] };
}

function first(input: number[], ...layers: (() => tf.layers.Layer)[]): Network {
  return { input, layers: [...layers, flat, dense(3)] };
}

function merged(merge: () => tf.layers.Layer): () => tf.layers.Layer {
  return () => {
    const input = tf.input({ shape: [6, 3] });
    const branches = [l.dense({ units: 4, activation: "tanh" }), l.dense({ units: 4 })];
    const outputs = branches.map((branch) => branch.apply(input) as tf.SymbolicTensor);
    return tf.model({ inputs: input, outputs: merge().apply(outputs) as tf.SymbolicTensor });
  };
}

const pooling = { poolSize: 3, strides: 2, padding: "same" } as const;
const activations = [
  ...["elu", "gelu", "gelu_new", "hardSigmoid", "linear", "mish", "relu", "relu6", "selu", "sigmoid", "softmax"],
  ...["softplus", "softsign", "swish", "tanh"],
] as const;

/** Named by the layer that each is about, and a variant of it after a colon. */
const networks: Readonly<Record<string, Network>> = {
  dense: first(features, dense(5)),
  ...Object.fromEntries(
    activations.map((name) => [
      `activation: ${name}`,
      after(features, () => l.activation({ activation: name }), dense(4)),
    ]),
  ),
  conv1d: first(sequence, () => l.conv1d({ filters: 4, kernelSize: 3, strides: 2, padding: "same" })),
  conv2d: first(image, () => l.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: "same", activation: "relu" })),
  "conv2d: channels first": first([2, 8, 8], () =>
    l.conv2d({ filters: 4, kernelSize: 3, dataFormat: "channelsFirst" }),
  ),
  conv3d: first(
    volume,
    () => l.conv3d({ filters: 3, kernelSize: 2, strides: 2, padding: "same" }),
    () => l.conv3d({ filters: 3, kernelSize: 2 }),
  ),
  conv2dTranspose: first(
    image,
    () => l.conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: "same" }),
    () => l.conv2dTranspose({ filters: 3, kernelSize: 2 }),
  ),
  depthwiseConv2d: first(
    image,
    () => l.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, strides: 2, padding: "same" }),
    () => l.depthwiseConv2d({ kernelSize: 2 }),
  ),
  separableConv2d: first(
    image,
    () => l.separableConv2d({ filters: 3, kernelSize: 3, depthMultiplier: 2 }),
    () => l.separableConv2d({ filters: 3, kernelSize: 3, padding: "same" }),
  ),
  convLstm2d: first([3, 6, 6, 2], () => l.convLstm2d({ filters: 3, kernelSize: 2, recurrentInitializer })),
  averagePooling1d: after(sequence, () => l.averagePooling1d({ poolSize: 2 })),
  maxPooling1d: after(sequence, () => l.maxPooling1d({ poolSize: 2 })),
  averagePooling2d: after(image, () => l.averagePooling2d(pooling)),
  maxPooling2d: after(image, () => l.maxPooling2d(pooling)),
  averagePooling3d: after(volume, () => l.averagePooling3d({ ...pooling, strides: 1 })),
  maxPooling3d: after(volume, () => l.maxPooling3d({ ...pooling, strides: 1 })),
  globalAveragePooling1d: after(sequence, () => l.globalAveragePooling1d({})),
  globalMaxPooling1d: after(sequence, () => l.globalMaxPooling1d({})),
  globalAveragePooling2d: after(image, () => l.globalAveragePooling2d({})),
  globalMaxPooling2d: after(image, () => l.globalMaxPooling2d({})),
  batchNormalization: after(features, () => l.batchNormalization()),
  "batchNormalization: of images": after(image, () => l.batchNormalization()),
  layerNormalization: after(sequence, () => l.layerNormalization()),
  "layerNormalization: of whole images": after(image, () => l.layerNormalization({ axis: [1, 2, 3] })),
  embedding: { ...first([6], () => l.embedding({ inputDim: 7, outputDim: 4 })), words: 7 },
  "embedding: with a mask": {
    input: [6],
    layers: [
      () => l.embedding({ inputDim: 7, outputDim: 4, maskZero: true }),
      () => l.lstm({ units: 4, recurrentInitializer }),
    ],
    words: 7,
  },
  masking: {
    input: sequence,
    layers: [() => l.masking({ maskValue: 0 }), () => l.simpleRNN({ units: 4, recurrentInitializer })],
  },
  simpleRNN: first(sequence, () => l.simpleRNN({ units: 4, recurrentInitializer, returnSequences: true })),
  gru: first(sequence, () => l.gru({ units: 4, recurrentInitializer })),
  lstm: first(sequence, () => l.lstm({ units: 4, recurrentInitializer, returnSequences: true })),
  "rnn: lstmCell, gruCell and simpleRNNCell as stackedRNNCells": first(sequence, () =>
    l.rnn({
      cell: l.stackedRNNCells({
        cells: [
          l.lstmCell({ units: 3, recurrentInitializer }),
          l.gruCell({ units: 4, recurrentInitializer }),
          l.simpleRNNCell({ units: 2, recurrentInitializer }),
        ],
      }),
    }),
  ),
  bidirectional: first(
    sequence,
    () =>
      l.bidirectional({ layer: l.gru({ units: 3, recurrentInitializer, returnSequences: true }), mergeMode: "sum" }),
    () => l.bidirectional({ layer: l.lstm({ units: 3, recurrentInitializer }), mergeMode: "concat" }),
  ),
  timeDistributed: first(sequence, () => l.timeDistributed({ layer: l.dense({ units: 3 }) })),
  elu: after(features, () => l.elu()),
  leakyReLU: after(features, () => l.leakyReLU()),
  prelu: after(features, () => l.prelu()),
  reLU: after(features, () => l.reLU({ maxValue: 1 })),
  softmax: after(features, () => l.softmax()),
  // Gradients of one image: for several, plain JavaScript's own is wrong.
  upSampling2d: { ...after(image, () => l.upSampling2d({ size: [2, 2] })), batch: 1 },
  "upSampling2d: smoothly": after(image, () => l.upSampling2d({ size: [2, 2], interpolation: "bilinear" })),
  zeroPadding2d: after(image, () =>
    l.zeroPadding2d({
      padding: [
        [1, 2],
        [0, 1],
      ],
    }),
  ),
  cropping2D: after(image, () =>
    l.cropping2D({
      cropping: [
        [1, 2],
        [0, 1],
      ],
    }),
  ),
  centerCrop: first(image, () => l.centerCrop({ height: 4, width: 4 })),
  rescaling: after(image, () => l.rescaling({ scale: 0.5, offset: 1 })),
  categoryEncoding: {
    input: [4],
    layers: [() => l.categoryEncoding({ numTokens: 7, outputMode: "count" }), dense(3)],
    words: 7,
  },
  permute: after(sequence, () => l.permute({ dims: [2, 1] })),
  "flatten, repeatVector and reshape": after(
    sequence,
    flat,
    () => l.repeatVector({ n: 2 }),
    () => l.reshape({ targetShape: [2, 3, 6] }),
  ),
  dropout: after(sequence, () => l.dropout({ rate: 0.3, seed: 3 })),
  spatialDropout1d: after(sequence, () => l.spatialDropout1d({ rate: 0.3, seed: 3 })),
  ...Object.fromEntries(
    Object.entries({
      add: () => l.add(),
      average: () => l.average(),
      multiply: () => l.multiply(),
      maximum: () => l.maximum(),
      minimum: () => l.minimum(),
      concatenate: () => l.concatenate(),
      dot: () => l.dot({ axes: 2 }),
    }).map(([name, merge]) => [name, first(sequence, merged(merge))]),
  ),
};

/** Layers of no network above, and why. */
const leftOut: Readonly<Record<string, string>> = {
  ...{ Layer: "abstract", RNN: "abstract", RNNCell: "abstract", input: "no layer", inputLayer: "in every network" },
  ...{ alphaDropout: "unseeded", gaussianDropout: "unseeded", gaussianNoise: "unseeded", randomWidth: "random" },
  convLstm2dCell: "in convLstm2d; rnn does not take it",
  conv3dTranspose: "no gradient of Conv3DBackpropInputV2",
  thresholdedReLU: "no gradient of Greater",
  resizing: "fails on every backend: it passes a list where a tensor is wanted",
  ...Object.fromEntries(
    ["averagePooling", "avgPool", "avgPooling"].flatMap((name) =>
      [1, 2, 3].map((rank) => [`${name}${rank}d`, "alias"]),
    ),
  ),
  ...{ maxPool1d: "alias", maxPool2d: "alias", globalMaxPool1d: "alias", globalMaxPool2d: "alias" },
};

async function evaluation(backend: BackendName, { input, layers, batch = 3, words }: Network) {
  await useBackend(backend);
  const values: { loss: number; gradients: number[][] } = { loss: Number.NaN, gradients: [] };
  tf.tidy(() => {
    const inputs = tf.input({ shape: input });
    const outputs = layers.reduce<tf.SymbolicTensor>(
      (x, layer) => (layer === flat && x.rank === 2 ? x : (layer().apply(x) as tf.SymbolicTensor)),
      inputs,
    );
    const model = tf.model({ inputs, outputs });
    const variables = model.trainableWeights.map((weight) => {
      const variable = weight.read();
      if (!(variable instanceof tf.Variable)) throw new Error(`${weight.name} is no variable`);
      return variable;
    });
    variables.forEach((variable, index) => {
      const scaled = seededValues(variable.size, 40 + index).map(
        (value) => 0.5 * value + (variable.rank === 1 ? 0.2 : 0),
      );
      variable.assign(tf.tensor(scaled, variable.shape));
    });
    const raw = seededValues(tf.util.sizeFromShape([batch, ...input]), 1);
    const data = words === undefined ? raw : raw.map((value) => Math.floor(((value + 1) / 2) * words));
    const loss = (): tf.Scalar => {
      const output = model.apply(tf.tensor(data, [batch, ...input]), { training: true }) as tf.Tensor;
      return tf.losses.meanSquaredError(tf.tensor(seededValues(output.size, 9), output.shape), output).asScalar();
    };
    const { value, grads } = tf.variableGrads(loss, variables);
    values.loss = value.dataSync()[0] ?? Number.NaN;
    values.gradients = variables.map(({ name }) => Array.from(grads[name]?.dataSync() ?? []));
  });
  return values;
}

test.each(Object.entries(networks))("%s", async (_name, network) => {
  const expected = await evaluation("cpu", network);
  const actual = await evaluation("wasm", network);
  // Sums of at most a thousand float32 products in another order: 1e-6 observed, relative to the largest element of all.
  expect(Math.abs(actual.loss / expected.loss - 1)).toBeLessThan(1e-5);
  const scale = Math.max(...expected.gradients.flat().map(Math.abs));
  expect(scale).toBeGreaterThan(0);
  expect(actual.gradients.map((gradient) => gradient.length)).toEqual(
    expected.gradients.map((gradient) => gradient.length),
  );
  const other = actual.gradients.flat();
  const worst = expected.gradients
    .flat()
    .reduce((most, value, index) => Math.max(most, Math.abs(value - (other[index] ?? Number.NaN))), 0);
  expect(worst / scale).toBeLessThan(1e-5);
});

test("every layer of the Layers API is in a network above, or is left out for a reason", () => {
  const named = Object.keys(networks).flatMap((name) => name.split(/[^A-Za-z0-9]+/));
  const missed = Object.keys(tf.layers).filter((name) => !named.includes(name) && leftOut[name] === undefined);
  expect(missed).toEqual([]);
});
