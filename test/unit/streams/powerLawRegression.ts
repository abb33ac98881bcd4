import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import type { HistoryRecord } from "../../../src/theory/history.ts";
import { gaussians } from "../../oracle/tinyNetwork.ts";
import { measured, opening, type Setting } from "../theoryStreams.ts";

export interface PowerLawRegression {
  /** b of the inputs' variances k^−b, and a of what the targets have of each of them, k^−a. */
  readonly capacity: number;
  readonly source: number;
  readonly steps: number;
  readonly seed: number;
  readonly batch?: number;
  readonly momentum?: number;
  /** η times the largest variance. */
  readonly speed?: number;
  /** Variance of what no input explains. */
  readonly noise?: number;
  /** Examples in the kernel. */
  readonly inKernel?: number;
  readonly setting?: Setting;
}

const modes = 400;

/** Linear regression by gradient descent on ½ of the squared error of ever new Gaussian examples in float64, with the kernel X·Xᵀ of some at the beginning. */
export function powerLawRegression({
  capacity,
  source,
  steps,
  seed,
  batch = 32,
  momentum = 0,
  speed = 0.08,
  noise = 0,
  inKernel = 100,
  setting = {},
}: PowerLawRegression): HistoryRecord[] {
  const draw = gaussians(seed);
  const scales = Float64Array.from({ length: modes }, (_, mode) => (mode + 1) ** (-capacity / 2));
  const missing = Float64Array.from({ length: modes }, (_, mode) => (mode + 1) ** ((capacity - source) / 2));
  const velocity = new Float64Array(modes);
  const rate = speed * (1 - momentum);
  const [input, gradient] = [new Float64Array(modes), new Float64Array(modes)];
  /** Draws an example and gives the error on it. */
  const drawn = () => {
    let error = Math.sqrt(noise) * draw();
    for (let mode = 0; mode < modes; mode++) {
      input[mode] = (scales[mode] ?? NaN) * draw();
      error += (input[mode] ?? NaN) * (missing[mode] ?? NaN);
    }
    return error;
  };
  const errors: number[] = [];
  const rows = Array.from({ length: inKernel }, () => {
    errors.push(drawn());
    return Array.from(input);
  });
  const matrix = new Matrix(rows);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix.mmul(matrix.transpose()), {
    assumeSymmetric: true,
  });
  const parts = eigenvectorMatrix.transpose().mmul(Matrix.columnVector(errors)).to1DArray();
  const spectrum = realEigenvalues.map((each) => each / inKernel).reverse();
  const residual = parts.map((each) => each ** 2 / (2 * inKernel)).reverse();
  const group = { learningRate: rate, ...(momentum > 0 && { momentum }), ...setting.group };
  const kind = momentum > 0 ? "momentum" : "sgd";
  const records: HistoryRecord[] = opening({ kind, examples: 1e6, batch, ...setting, group });
  for (let step = 0; step < steps; step++) {
    gradient.fill(0);
    let loss = 0;
    for (let example = 0; example < batch; example++) {
      const error = drawn();
      loss += error ** 2 / (2 * batch);
      for (let mode = 0; mode < modes; mode++) {
        gradient[mode] = (gradient[mode] ?? NaN) + (error * (input[mode] ?? NaN)) / batch;
      }
    }
    records.push({ t: "step", step, values: { "loss/train": loss } });
    if (step === 8) {
      records.push(
        { t: "vector", step, name: "kernel/spectrum", values: spectrum },
        { t: "vector", step, name: "kernel/initialResidual", values: residual },
        measured(step, { "kernel/distance": 0 }),
      );
    }
    for (let mode = 0; mode < modes; mode++) {
      const moved = (velocity[mode] = momentum * (velocity[mode] ?? NaN) + (gradient[mode] ?? NaN));
      missing[mode] = (missing[mode] ?? NaN) - rate * moved;
    }
  }
  return [...records, { t: "end", step: steps, how: "finished" }];
}
