import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { sampleLocally } from "../../../src/probe/tfjs/trace/localPosterior.ts";
import type { HistoryRecord } from "../../../src/theory/history.ts";
import { gaussians } from "../../oracle/tinyNetwork.ts";
import { measured, opening, type Setting } from "../theoryStreams.ts";

export interface LinearNetwork {
  /** Of the correlation of inputs and targets, which is diagonal, the largest first. */
  readonly signals: readonly number[];
  /** Of the inputs, whose covariance is diagonal; 1 each by default. */
  readonly variances?: readonly number[];
  readonly layers?: number;
  readonly width?: number;
  /** Standard deviation of the first weights, or the weights of every layer themselves: equal on all diagonals. */
  readonly start: { readonly deviation: number } | { readonly diagonal: readonly number[] };
  readonly rate: number;
  readonly steps: number;
  readonly seed?: number;
  readonly every?: number;
  /** What no map can fit, as a loss. */
  readonly noise?: number;
  readonly momentum?: number;
  readonly sharpness?: boolean;
  /** Examples that the local learning coefficient is measured on, at the last weights; not measured without. */
  readonly sampled?: number;
  readonly setting?: Setting;
}

/**
 * Gradient descent on ½E‖y − x·W₁·…·W_L‖² in float64, from the covariance and the correlation alone: modes are the axes, so that
 * everything a probe would record of them is read off the weights.
 */
export function linearNetwork(network: LinearNetwork): HistoryRecord[] {
  const { signals, rate, steps, every = 5, momentum = 0, noise = 0.01, layers = 2 } = network;
  const variances = network.variances ?? signals.map(() => 1);
  const [covariance, correlation] = [Matrix.diag([...variances]), Matrix.diag([...signals])];
  const gap = signals.reduce((sum, each, index) => sum + each ** 2 / (2 * (variances[index] ?? 1)), 0);
  let weights = firstWeights(network);
  let velocity = weights.map(({ rows, columns }) => Matrix.zeros(rows, columns));
  const lossAt = (all: readonly Matrix[]) => {
    const map = product(all, signals.length);
    const missed = map.transpose().mmul(covariance).mmul(map).trace() / 2 - map.transpose().mmul(correlation).trace();
    return noise + gap + missed;
  };
  const flattest = Math.max(
    ...signals.map((signal, index) => {
      const variance = variances[index] ?? 1;
      return layers * variance ** (1 / layers) * (signal / Math.sqrt(variance)) ** (2 - 2 / layers);
    }),
  );
  const group = { learningRate: rate, ...(momentum > 0 && { momentum }) };
  const records: HistoryRecord[] = [
    ...opening({ kind: momentum > 0 ? "momentum" : "sgd", group, ...network.setting }),
    measured(0, { "linear/layers": layers, "linear/leastLoss": noise, "linear/emptyLoss": noise + gap }),
    measured(0, { "linear/flattest": flattest, "linear/entries": signals.length ** 2 }),
    { t: "vector", step: 0, name: "linear/signal", values: signals },
    { t: "vector", step: 0, name: "linear/variance", values: variances },
    { t: "vector", step: 0, name: "linear/coupling", values: signals.map(() => 0) },
  ];
  for (let step = 0; step < steps; step++) {
    const loss = lossAt(weights);
    const gradient = gradientAt(weights, covariance, correlation);
    const norm = Math.hypot(...gradient.map((each) => each.norm()));
    records.push({ t: "step", step, values: { "loss/train": loss, "gradient/norm": norm } });
    if (!Number.isFinite(loss)) break;
    if (step % every === 0) {
      records.push(measured(step, strengths(weights, signals.length)));
      if (network.sharpness === true) {
        records.push(measured(step, { "sharpness/batch": largestCurvature(weights, covariance, correlation) }));
      }
    }
    velocity = velocity.map((each, index) => Matrix.mul(each, momentum).add(gradient[index] ?? each));
    weights = weights.map((each, index) => Matrix.sub(each, Matrix.mul(velocity[index] ?? each, rate)));
  }
  if (network.sampled !== undefined) {
    const nb = network.sampled / Math.log(network.sampled);
    const landscape = (flat: Float64Array) => {
      const at = shaped(flat, weights);
      const gradient = gradientAt(at, covariance, correlation).flatMap((each) => each.to1DArray());
      return { loss: lossAt(at), gradient };
    };
    const start = weights.flatMap((each) => each.to1DArray());
    const curvature = largestCurvature(weights, covariance, correlation);
    const sample = sampleLocally(landscape, start, { inverseTemperature: nb, curvature, seed: network.seed ?? 1 });
    const losses = sample?.losses ?? [];
    const mean = losses.reduce((sum, each) => sum + each / losses.length, 0);
    records.push(measured(steps - 1, { "learningCoefficient/local": nb * (mean - lossAt(weights)) }));
  }
  return [...records, { t: "end", step: steps, how: "finished" }];
}

function firstWeights({ signals, layers = 2, width = 8, start, seed = 1 }: LinearNetwork): readonly Matrix[] {
  const draw = gaussians(seed);
  const sizes = [signals.length, ...Array.from({ length: layers - 1 }, () => width), signals.length];
  return sizes.slice(1).map((columns, layer) => {
    const matrix = Matrix.zeros(sizes[layer] ?? 0, columns);
    for (let row = 0; row < matrix.rows; row++) {
      for (let column = 0; column < columns; column++) {
        const diagonal = "diagonal" in start && row === column ? (start.diagonal[row] ?? 0) : 0;
        matrix.set(row, column, "deviation" in start ? start.deviation * draw() : diagonal);
      }
    }
    return matrix;
  });
}

/** Flat weights as matrices of the shapes of others. */
function shaped(flat: Float64Array, like: readonly Matrix[]): readonly Matrix[] {
  let offset = 0;
  return like.map(({ rows, columns }) => {
    const own = flat.subarray(offset, (offset += rows * columns));
    return Matrix.from1DArray(rows, columns, own);
  });
}

function product(weights: readonly Matrix[], size: number): Matrix {
  return weights.reduce((before, each) => before.mmul(each), Matrix.eye(size));
}

/** Of layer l: (W₁…W_{l−1})ᵀ·(C·W − E[xᵀy])·(W_{l+1}…W_L)ᵀ. */
function gradientAt(weights: readonly Matrix[], covariance: Matrix, correlation: Matrix): readonly Matrix[] {
  const size = correlation.rows;
  const error = Matrix.sub(covariance.mmul(product(weights, size)), correlation);
  return weights.map((_, index) =>
    product(weights.slice(0, index), size)
      .transpose()
      .mmul(error)
      .mmul(product(weights.slice(index + 1), weights[index]?.columns ?? size).transpose()),
  );
}

/** Largest eigenvalue of the dense Hessian, by central differences of the gradient. */
function largestCurvature(weights: readonly Matrix[], covariance: Matrix, correlation: Matrix): number {
  const h = 1e-5;
  const columns: number[][] = [];
  for (const [layer, matrix] of weights.entries()) {
    for (let index = 0; index < matrix.rows * matrix.columns; index++) {
      const [up = [], down = []] = [h, -h].map((move) => {
        const moved = weights.map((each) => each.clone());
        const [row, column] = [Math.floor(index / matrix.columns), index % matrix.columns];
        moved[layer]?.set(row, column, matrix.get(row, column) + move);
        return gradientAt(moved, covariance, correlation).flatMap((each) => each.to1DArray());
      });
      columns.push(up.map((each, row) => (each - (down[row] ?? 0)) / (2 * h)));
    }
  }
  const hessian = new Matrix(columns);
  const symmetric = Matrix.add(hessian, hessian.transpose()).mul(0.5);
  return Math.max(...new EigenvalueDecomposition(symmetric, { assumeSymmetric: true }).realEigenvalues);
}

/** vᵀWq of each axis, and of two layers |a ± b|²/4 of its row a and its column b, the first less what lies along stronger axes'. */
function strengths(weights: readonly Matrix[], size: number): Record<string, number> {
  const map = product(weights, size);
  const values: Record<string, number> = {};
  const [first, second] = weights;
  const before: number[][] = [];
  for (let index = 0; index < Math.min(5, size); index++) {
    values[`linear/strength@${index + 1}`] = map.get(index, index);
    if (first === undefined || second === undefined || weights.length !== 2) continue;
    const [a, b] = [first.getRow(index), second.getColumn(index)];
    let sum = a.map((each, unit) => (each + (b[unit] ?? 0)) / 2);
    for (const other of before) {
      const share = inner(sum, other) / inner(other, other);
      sum = sum.map((each, unit) => each - share * (other[unit] ?? 0));
    }
    before.push(sum);
    const difference = a.map((each, unit) => (each - (b[unit] ?? 0)) / 2);
    values[`linear/growing@${index + 1}`] = inner(sum, sum);
    values[`linear/shrinking@${index + 1}`] = inner(difference, difference);
  }
  return values;
}

function inner(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, each, index) => sum + each * (other[index] ?? 0), 0);
}
