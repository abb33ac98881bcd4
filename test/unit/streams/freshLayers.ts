import { Matrix, SingularValueDecomposition } from "ml-matrix";
import { bulkMedian, largestOfRandom, tracyWidom } from "../../../src/probe/tfjs/observables/randomMatrix.ts";
import type { HistoryRecord } from "../../../src/theory/history.ts";
import { gaussians } from "../../oracle/tinyNetwork.ts";
import { measured, opening, stepped } from "../theoryStreams.ts";

/** Layers by name. */
export type Layers = Readonly<Record<string, Matrix>>;

export interface FreshRun {
  /** Step of the first measurement. */
  readonly at?: number;
  /** Size of each step before, relative to the weights. */
  readonly relative?: number;
}

export function gaussianMatrix(rows: number, columns: number, scale: number, seed: number): Matrix {
  const next = gaussians(seed);
  return new Matrix(Array.from({ length: rows }, () => Array.from({ length: columns }, () => scale * next())));
}

/** What a probe records of layers' weights, by their singular values in float64, and what comes before. */
export function freshLayers(layers: Layers, { at = 0, relative = 1e-3 }: FreshRun = {}): HistoryRecord[] {
  const modules = Object.entries(layers).map(([path, { rows, columns }]) => ({
    path,
    kind: "Dense",
    parameterShapes: [[rows, columns], [columns]],
    parameters: (rows + 1) * columns,
  }));
  const records: HistoryRecord[] = [
    ...opening(),
    { t: "model", step: 0, id: "m", modules, parameters: modules.reduce((sum, { parameters }) => sum + parameters, 0) },
  ];
  for (let step = 0; step < 250; step++) {
    records.push(stepped(step, 1));
    const changes = Object.keys(layers).map((name) => [`update/relative@${name}`, relative] as const);
    records.push(measured(step, Object.fromEntries(changes)));
    if (step !== at) continue;
    const spectra = Object.entries(layers).map(([name, matrix]) => spectrumOf(name, matrix));
    records.push(measured(step, Object.assign({}, ...spectra.map(({ norms }) => norms)) as Record<string, number>));
    records.push(measured(step, Object.assign({}, ...spectra.map(({ bulk }) => bulk)) as Record<string, number>));
  }
  return [...records, { t: "end", step: 250, how: "finished" }];
}

function spectrumOf(name: string, matrix: Matrix) {
  const [n, p] = [Math.max(matrix.rows, matrix.columns), Math.min(matrix.rows, matrix.columns)];
  const singular = new SingularValueDecomposition(matrix, {
    computeLeftSingularVectors: false,
    computeRightSingularVectors: false,
    autoTranspose: true,
  }).diagonal;
  const eigenvalues = singular.map((each) => each ** 2 / n).toSorted((a, b) => b - a);
  const largest = Math.max(...singular);
  const median = ((eigenvalues[Math.floor((p - 1) / 2)] ?? NaN) + (eigenvalues[Math.ceil((p - 1) / 2)] ?? NaN)) / 2;
  const variance = median / bulkMedian(p / n);
  const { centre, scale } = largestOfRandom(n, p);
  const highest = (variance * (centre + tracyWidom.highest * scale)) / n;
  return {
    norms: {
      [`weight/spectralNorm@${name}`]: largest,
      [`weight/stableRank@${name}`]: (matrix.norm() / largest) ** 2,
    },
    bulk: {
      [`weight/bulkUpper@${name}`]: variance * (1 + Math.sqrt(p / n)) ** 2,
      [`weight/spikes@${name}`]: eigenvalues.filter((each) => each > highest).length,
    },
  };
}
