import * as tf from "@tensorflow/tfjs";
import { crossEntropy, dense, type Images, type WeightReader } from "../reference/networks.ts";
import { at, type ScalarTape } from "../reference/scalarTape.ts";
import {
  averagePooling,
  batchNormalization,
  convolution,
  depthwiseConvolution,
  mapPixels,
  maxPooling,
} from "../reference/windows.ts";
import { seededValues } from "../support/models.ts";
import { type Architecture, classes, dataSize, labels } from "./architecture.ts";
import { compiledNetwork, hotRow, rowsOf } from "./building.ts";

const [side, filters, multiplier] = [8, 3, 2];
const features = filters * multiplier;
const epsilon = 1e-3;
const strided = { side: 3, stride: 2, padded: true };
const pooled = { side: 2, stride: 1, padded: false };
const narrow = { side: 2, stride: 1, padded: false };
const averaged = { side: 2, stride: 2, padded: false };

const pixels = rowsOf(seededValues(dataSize * side ** 2, 301), side ** 2);
const targets = labels.map((label) => hotRow(label, classes));

const depthwiseKernel = "depthwise/depthwise_kernel";

function cnn(
  isNormalized: boolean,
  about: Pick<Architecture, "title" | "summary" | "rectified" | "refusals">,
): Architecture {
  const variables = [
    { name: "conv/kernel", shape: [strided.side, strided.side, 1, filters], scale: 0.9 },
    ...(isNormalized
      ? [
          { name: "norm/gamma", shape: [filters], scale: 1.4 },
          { name: "norm/beta", shape: [filters], scale: 0.6 },
        ]
      : [{ name: "conv/bias", shape: [filters], scale: 0.4 }]),
    { name: depthwiseKernel, shape: [narrow.side, narrow.side, filters, multiplier], scale: 0.9 },
    { name: "depthwise/bias", shape: [features], scale: 0.4 },
    { name: "output/kernel", shape: [features, classes], scale: 1 },
    { name: "output/bias", shape: [classes], scale: 0.2 },
  ];
  return {
    ...about,
    variables,
    loss: "crossEntropy",
    targets,
    entering: (example) => at(pixels, example),
    balanced: [],
    scaleInvariant: isNormalized ? ["conv"] : [],
    build(optimizer, suffix) {
      const model = tf.sequential({
        layers: [
          tf.layers.conv2d({
            name: `conv${suffix}`,
            filters,
            kernelSize: strided.side,
            strides: strided.stride,
            padding: "same",
            useBias: !isNormalized,
            activation: isNormalized ? "linear" : "relu",
            inputShape: [side, side, 1],
          }),
          ...(isNormalized
            ? [
                tf.layers.batchNormalization({ name: `norm${suffix}`, epsilon }),
                tf.layers.activation({ activation: "relu" }),
              ]
            : []),
          tf.layers.maxPooling2d({ poolSize: pooled.side, strides: pooled.stride }),
          tf.layers.depthwiseConv2d({
            name: `depthwise${suffix}`,
            kernelSize: narrow.side,
            depthMultiplier: multiplier,
            activation: "relu",
          }),
          tf.layers.averagePooling2d({ poolSize: averaged.side, strides: averaged.stride }),
          tf.layers.flatten(),
          tf.layers.dense({ name: `output${suffix}`, units: classes, activation: "softmax" }),
        ],
      });
      model.compile({ optimizer, loss: "categoricalCrossentropy" });
      return compiledNetwork(model, variables, (examples) => [
        tf.tensor4d(
          examples.flatMap((example) => at(pixels, example)),
          [examples.length, side, side, 1],
        ),
        tf.tensor2d(examples.map((example) => at(targets, example))),
      ]);
    },
    reference(tape, weights, examples) {
      const relu = (images: Images) => mapPixels(images, (pixel) => pixel.map((node) => tape.unary("relu", node)));
      const images = examples.map((example) =>
        rowsOf(at(pixels, example), side).map((row) => row.map((value) => [tape.constant(value)])),
      );
      const filter = offsets(weights, strided.side, 1, filters);
      const convolved = isNormalized
        ? batchNormalization(
            tape,
            convolution(tape, images, filter, undefined, strided),
            weights.vector(filters),
            weights.vector(filters),
            epsilon,
          )
        : convolution(tape, images, filter, weights.vector(filters), strided);
      const first = relu(convolved);
      const depthwise = offsets(weights, narrow.side, filters, multiplier);
      const pooledImages = maxPooling(tape, first, pooled);
      const second = relu(depthwiseConvolution(tape, pooledImages, depthwise, weights.vector(features), narrow));
      const flat = averagePooling(tape, second, averaged).map((image) => image.flat(2));
      const classifier = weights.matrix(features, classes);
      const logits = dense(tape, flat, classifier, weights.vector(classes));
      return {
        loss: lossOf(tape, logits, examples),
        outputs: logits,
        features: flat,
        classifier,
        inputs: { output: flat },
        activations: {
          conv: first.map((image) => image.flat()),
          [depthwiseKernel]: second.map((image) => image.flat()),
          output: logits.map((row) => [row]),
        },
      };
    },
  };
}

function offsets(weights: WeightReader, width: number, from: number, to: number) {
  return Array.from({ length: width ** 2 }, () => weights.matrix(from, to));
}

function lossOf(tape: ScalarTape, logits: Parameters<typeof crossEntropy>[1], examples: readonly number[]) {
  return crossEntropy(
    tape,
    logits,
    examples.map((example) => at(labels, example)),
  );
}

const rectified = ["conv", depthwiseKernel];

const rough = {
  names: ["sharpness/gradientNorm"],
  reason: "rectifiers and poolings switch on the way",
  note: /curvature does not change smoothly/,
};

export const cnnPlain = cnn(false, {
  title: "CNN",
  summary:
    "Convolution (same padding, stride 2, ReLU), max pooling, depthwise convolution (ReLU), average pooling and a softmax, of tfjs-layers; categorical cross-entropy.",
  rectified,
  refusals: [rough],
});

export const cnnNormalized = cnn(true, {
  title: "CNN, batch normalization",
  summary: "The same with batch normalization, in training mode, between the convolution and its ReLU.",
  rectified,
  refusals: [
    rough,
    {
      names: [
        ...["gradient/noise", "gradient/signal", "gradient/noiseScale", "gradient/noiseScale/low"],
        ...["gradient/noiseScale/high", "sharpness/directional@microBatch"],
      ],
      reason: "statistics of the batch",
      note: /the batch cannot be taken apart/,
    },
  ],
});
