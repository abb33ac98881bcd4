import { cnnShape, mlpShape, transformerShape } from "./models.ts";
import {
  constants,
  convolve,
  crossEntropy,
  dense,
  layerNorm,
  map,
  maxPool2,
  meanSquaredError,
  plus,
  product,
  softmax,
  transpose,
  WeightReader,
  type Matrix,
} from "../reference/networks.ts";
import { at, ScalarTape, type Node } from "../reference/scalarTape.ts";

export interface Reference {
  readonly tape: ScalarTape;
  readonly loss: Node;
}

export function mlpReference(
  weights: ArrayLike<number>,
  inputs: ArrayLike<number>,
  targets: ArrayLike<number>,
  batch: number = mlpShape.batch,
): Reference {
  const { inputs: width, hidden, outputs } = mlpShape;
  const tape = new ScalarTape();
  const reader = new WeightReader(tape, weights);
  const tanh = (matrix: Matrix) => map(matrix, (node) => tape.unary("tanh", node));
  const x = constants(tape, inputs, batch, width);
  const first = tanh(dense(tape, x, reader.matrix(width, hidden), reader.vector(hidden)));
  const second = tanh(dense(tape, first, reader.matrix(hidden, hidden), reader.vector(hidden)));
  const output = dense(tape, second, reader.matrix(hidden, outputs), reader.vector(outputs));
  return { tape, loss: meanSquaredError(tape, output, constants(tape, targets, batch, outputs)) };
}

export function cnnReference(
  weights: ArrayLike<number>,
  inputs: ArrayLike<number>,
  labels: readonly number[],
): Reference {
  const { side, channels, filters, deeper, classes } = cnnShape;
  const batch = labels.length;
  const tape = new ScalarTape();
  const reader = new WeightReader(tape, weights);
  const filter = (rows: number, columns: number, from: number, to: number) =>
    Array.from({ length: rows }, () => Array.from({ length: columns }, () => reader.matrix(from, to)));
  const relu = (node: Node) => tape.unary("relu", node);
  const images = Array.from({ length: batch }, (_, image) =>
    Array.from({ length: side }, (_row, row) =>
      constants(
        tape,
        Array.from(inputs).slice((image * side + row) * side * channels, (image * side + row + 1) * side * channels),
        side,
        channels,
      ),
    ),
  );
  const first = convolve(tape, images, filter(3, 3, channels, filters), reader.vector(filters));
  const pooled = maxPool2(
    tape,
    first.map((image) => image.map((row) => map(row, relu))),
  );
  const second = convolve(tape, pooled, filter(2, 2, filters, deeper), reader.vector(deeper));
  const flat = second.map((image) => image.flatMap((row) => row.flatMap((pixel) => pixel.map(relu))));
  const logits = dense(tape, flat, reader.matrix(4 * deeper, classes), reader.vector(classes));
  return { tape, loss: crossEntropy(tape, logits, labels) };
}

export function transformerReference(
  weights: ArrayLike<number>,
  words: readonly number[],
  labels: readonly number[],
): Reference {
  const { words: vocabulary, width, inner, epsilon } = transformerShape;
  const tape = new ScalarTape();
  const reader = new WeightReader(tape, weights);
  const embedding = reader.matrix(vocabulary, width);
  const [query, key, value] = [0, 1, 2].map(() => reader.matrix(width, width)) as [Node[][], Node[][], Node[][]];
  const [gain, bias] = [reader.vector(width), reader.vector(width)];
  const [up, upBias] = [reader.matrix(width, inner), reader.vector(inner)];
  const [down, downBias] = [reader.matrix(inner, width), reader.vector(width)];
  const out = reader.matrix(width, vocabulary);
  const x = words.map((word) => at(embedding, word));
  const scores = product(tape, product(tape, x, query), transpose(product(tape, x, key)));
  const scaled = map(scores, (node) => tape.scale(node, 1 / Math.sqrt(width)));
  const attention = scaled.map((row) => softmax(tape, row));
  const mixed = plus(tape, x, product(tape, attention, product(tape, x, value)));
  const normalized = layerNorm(tape, mixed, gain, bias, epsilon);
  const widened = map(dense(tape, normalized, up, upBias), (node) => tape.unary("tanh", node));
  const block = plus(tape, normalized, dense(tape, widened, down, downBias));
  return { tape, loss: crossEntropy(tape, product(tape, block, out), labels) };
}
