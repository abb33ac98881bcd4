/** The networks of the oracle tests, once more, scalar by scalar in float64. */
import { at, type Node, type ScalarTape } from "./scalarTape.ts";

export type Matrix = readonly (readonly Node[])[];
/** Images: [batch][row][column][channel]. */
export type Images = readonly (readonly (readonly (readonly Node[])[])[])[];

/** Takes weights off a flat list, in the order of the traced variables. */
export class WeightReader {
  readonly #tape: ScalarTape;
  readonly #flat: ArrayLike<number>;
  #offset = 0;

  constructor(tape: ScalarTape, flat: ArrayLike<number>) {
    this.#tape = tape;
    this.#flat = flat;
  }

  vector(length: number): Node[] {
    return Array.from({ length }, () => this.#tape.weight(at(this.#flat, this.#offset++)));
  }

  matrix(rows: number, columns: number): Node[][] {
    return Array.from({ length: rows }, () => this.vector(columns));
  }
}

export function constants(tape: ScalarTape, flat: ArrayLike<number>, rows: number, columns: number): Node[][] {
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_unused, column) => tape.constant(at(flat, row * columns + column))),
  );
}

export function map(matrix: Matrix, change: (node: Node) => Node): Node[][] {
  return matrix.map((row) => row.map(change));
}

export function transpose(matrix: Matrix): Node[][] {
  return at(matrix, 0).map((_, column) => matrix.map((row) => at(row, column)));
}

export function product(tape: ScalarTape, a: Matrix, b: Matrix): Node[][] {
  const columns = transpose(b);
  return a.map((row) => columns.map((column) => tape.dot(row, column)));
}

export function plus(tape: ScalarTape, a: Matrix, b: Matrix): Node[][] {
  return a.map((row, index) => row.map((node, column) => tape.add(node, at(at(b, index), column))));
}

/** x·W + b. */
export function dense(tape: ScalarTape, x: Matrix, weights: Matrix, bias: readonly Node[]): Node[][] {
  return product(tape, x, weights).map((row) => row.map((node, column) => tape.add(node, at(bias, column))));
}

export function softmax(tape: ScalarTape, row: readonly Node[]): Node[] {
  const powers = row.map((node) => tape.unary("exp", node));
  const inverse = tape.unary("reciprocal", tape.sum(powers));
  return powers.map((power) => tape.multiply(power, inverse));
}

/** Mean over rows of ln Σ e^z − z_label. */
export function crossEntropy(tape: ScalarTape, logits: Matrix, labels: readonly number[]): Node {
  const losses = logits.map((row, index) =>
    tape.subtract(tape.unary("log", tape.sum(row.map((node) => tape.unary("exp", node)))), at(row, at(labels, index))),
  );
  return tape.scale(tape.sum(losses), 1 / losses.length);
}

export function meanSquaredError(tape: ScalarTape, outputs: Matrix, targets: Matrix): Node {
  const squares = outputs.flatMap((row, index) =>
    row.map((node, column) => {
      const difference = tape.subtract(node, at(at(targets, index), column));
      return tape.multiply(difference, difference);
    }),
  );
  return tape.scale(tape.sum(squares), 1 / squares.length);
}

/** (x − mean)/√(variance + ε)·gain + bias, over each row. */
export function layerNorm(
  tape: ScalarTape,
  x: Matrix,
  gain: readonly Node[],
  bias: readonly Node[],
  epsilon: number,
): Node[][] {
  return x.map((row) => {
    const mean = tape.scale(tape.sum(row), 1 / row.length);
    const centred = row.map((node) => tape.subtract(node, mean));
    const variance = tape.scale(tape.dot(centred, centred), 1 / row.length);
    const inverse = tape.unary("reciprocal", tape.unary("sqrt", tape.add(variance, tape.constant(epsilon))));
    return centred.map((node, index) =>
      tape.add(tape.multiply(tape.multiply(node, inverse), at(gain, index)), at(bias, index)),
    );
  });
}

/**
 * Convolution without padding, stride 1.
 *
 * @param filter [row][column·…]: filter[row][column][channel][output].
 */
export function convolve(
  tape: ScalarTape,
  images: Images,
  filter: readonly (readonly Matrix[])[],
  bias: readonly Node[],
): Node[][][][] {
  const [filterRows, filterColumns] = [filter.length, at(filter, 0).length];
  return images.map((image) =>
    Array.from({ length: image.length - filterRows + 1 }, (_, row) =>
      Array.from({ length: at(image, 0).length - filterColumns + 1 }, (_unused, column) =>
        bias.map((offset, output) => {
          const terms: Node[] = [offset];
          for (const [i, filterRow] of filter.entries()) {
            for (const [j, tap] of filterRow.entries()) {
              const pixel = at(at(image, row + i), column + j);
              for (const [channel, weights] of tap.entries()) {
                terms.push(tape.multiply(at(pixel, channel), at(weights, output)));
              }
            }
          }
          return tape.sum(terms);
        }),
      ),
    ),
  );
}

/** Largest element of each window of 2×2, with stride 2. */
export function maxPool2(tape: ScalarTape, images: Images): Node[][][][] {
  return images.map((image) =>
    Array.from({ length: Math.floor(image.length / 2) }, (_, row) =>
      Array.from({ length: Math.floor(at(image, 0).length / 2) }, (_unused, column) =>
        at(at(image, 2 * row), 2 * column).map((_node, channel) => {
          const candidates = [0, 1].flatMap((i) =>
            [0, 1].map((j) => at(at(at(image, 2 * row + i), 2 * column + j), channel)),
          );
          return candidates.reduce((best, node) => (tape.value(node) > tape.value(best) ? node : best));
        }),
      ),
    ),
  );
}
