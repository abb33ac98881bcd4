import type { HistoryRecord } from "../../../src/theory/history.ts";
import { gaussians } from "../../oracle/tinyNetwork.ts";
import { opening, stepped } from "../theoryStreams.ts";

export interface ResidualRun {
  readonly blocks: number;
  readonly seed: number;
  readonly width?: number;
  /** Whether a block takes the stream without its mean and size. */
  readonly normalized?: boolean;
  readonly activation?: "tanh" | "relu";
  /** What a block gives is divided by its number, over 4, to this power. */
  readonly power?: number;
  /** Sums of a block, 1 by default; the second is of matrices of its own. */
  readonly sums?: number;
}

const [inputs, examples] = [12, 32];

/** A fresh residual network in float64, h ← h + g·B·φ(A·h), whose stream is measured before its first step; it takes but one. */
export function residualRun({
  blocks,
  seed,
  width = 48,
  normalized = true,
  activation = "relu",
  power = 0,
  sums = 1,
}: ResidualRun): HistoryRecord[] {
  const next = gaussians(seed);
  const data = gaussians(5);
  const matrix = (rows: number, columns: number) =>
    Array.from({ length: rows }, () => Array.from({ length: columns }, () => next() / Math.sqrt(columns)));
  const times = (rows: readonly (readonly number[])[], x: readonly number[]) =>
    rows.map((row) => row.reduce((sum, value, index) => sum + value * (x[index] ?? NaN), 0));
  const apply = (z: number) => (activation === "tanh" ? Math.tanh(z) : Math.SQRT2 * Math.max(0, z));
  const factor = (4 / blocks) ** power;
  const first = matrix(width, inputs);
  let stream = Array.from({ length: examples }, () => times(first, Array.from({ length: inputs }, data)));
  const sizes = [rootMeanSquare(stream)];
  for (let sum = 0; sum < sums * blocks; sum++) {
    const [a, b] = [matrix(width, width), matrix(width, width)];
    stream = stream.map((h) => {
      const added = times(b, times(a, normalized ? standardized(h) : h).map(apply));
      return h.map((value, unit) => value + factor * (added[unit] ?? NaN));
    });
    sizes.push(rootMeanSquare(stream));
  }
  const dense = (path: string, from: number, to: number) => ({
    ...{ path, kind: "Dense", parameterShapes: [[from, to]], parameters: from * to },
  });
  const modules = [
    dense("first", inputs, width),
    ...Array.from({ length: 2 * blocks }, (_, index) => dense(`block${index}`, width, width)),
    dense("head", width, 1),
  ];
  const parameters = modules.reduce((sum, module) => sum + module.parameters, 0);
  return [
    { t: "model", step: 0, id: "m", parameters, width, depth: modules.length, modules },
    ...opening({ batch: examples, examples }),
    stepped(0, 1),
    { t: "vector", step: 0, name: "stream/rms", values: sizes },
    { t: "end", step: 1, how: "finished" },
  ];
}

function rootMeanSquare(rows: readonly (readonly number[])[]): number {
  const squares = rows.flat().map((value) => value ** 2);
  return Math.sqrt(squares.reduce((sum, each) => sum + each, 0) / squares.length);
}

function standardized(h: readonly number[]): readonly number[] {
  const mean = h.reduce((sum, each) => sum + each, 0) / h.length;
  const size = Math.sqrt(h.reduce((sum, each) => sum + (each - mean) ** 2, 0) / h.length);
  return h.map((value) => (value - mean) / size);
}
