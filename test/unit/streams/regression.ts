import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import type { HistoryRecord } from "../../../src/theory/history.ts";
import { gaussians } from "../../oracle/tinyNetwork.ts";
import { measured, opening, stepped, type Setting } from "../theoryStreams.ts";

export interface Regression {
  readonly examples: number;
  readonly inputs: number;
  readonly steps: number;
  readonly seed: number;
  /** Exponent b of the inputs' variances k^−b. */
  readonly decay?: number;
  /** Standard deviation of the noise on the targets, which vary by 1 without. */
  readonly noise?: number;
  /** η over 1/(2·largest eigenvalue). */
  readonly speed?: number;
  /** By which the validation's inputs are multiplied. */
  readonly stretch?: number;
  /** What the kernel is said to have moved by. */
  readonly distance?: number;
  readonly every?: number;
  readonly setting?: Setting;
}

interface RegressionData {
  readonly inputs: Matrix;
  readonly targets: Matrix;
  readonly validationInputs: Matrix;
  readonly validationTargets: Matrix;
}

/** Gaussian inputs of variances k^−b and targets linear in them, with noise, twice as many as there are examples: a half for the validation. */
function regressionData({ examples, inputs, seed, decay = 1.5, noise = 0.5, stretch = 1 }: Regression): RegressionData {
  const draw = gaussians(seed);
  const scales = Array.from({ length: inputs }, (_, index) => (index + 1) ** (-decay / 2));
  // Each direction carries less of the targets than the one before.
  const slopes = scales.map((scale, index) => (draw() * (index + 1) ** (-1.25 * Math.min(1, decay))) / scale);
  const variance = slopes.reduce((sum, slope, index) => sum + (slope * (scales[index] ?? NaN)) ** 2, 0);
  const drawn = (factor: number) => {
    const rows = Matrix.zeros(examples, inputs).apply(function (this: Matrix, row, column) {
      this.set(row, column, factor * (scales[column] ?? NaN) * draw());
    });
    const targets = rows.mmul(Matrix.columnVector(slopes)).div(Math.sqrt(variance));
    return [rows, targets.apply((row) => void targets.set(row, 0, targets.get(row, 0) + noise * draw()))] as const;
  };
  const [trained, validated] = [drawn(1), drawn(stretch)];
  return {
    inputs: trained[0],
    targets: trained[1],
    validationInputs: validated[0],
    validationTargets: validated[1],
  };
}

function meanSquare(errors: Matrix): number {
  return errors.norm("frobenius") ** 2 / errors.rows;
}

/** Linear regression by gradient descent on the mean squared error from zero weights in float64, with its kernel X·Xᵀ as a probe would have measured it. */
export function regression(run: Regression): HistoryRecord[] {
  const { examples, steps, speed = 1, every = 4, distance = 0, setting } = run;
  const { inputs, targets, validationInputs, validationTargets } = regressionData(run);
  const transposed = inputs.transpose();
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(inputs.mmul(transposed), {
    assumeSymmetric: true,
  });
  const order = realEigenvalues.map((_, index) => index).reverse();
  const spectrum = order.map((index) => (realEigenvalues[index] ?? NaN) / examples);
  const along = (residual: Matrix) => {
    const parts = eigenvectorMatrix.transpose().mmul(residual).to1DArray();
    return order.map((index) => (parts[index] ?? NaN) ** 2 / (2 * examples));
  };
  const rate = speed / (2 * Math.max(...spectrum));
  const group = { learningRate: rate };
  const records: HistoryRecord[] = opening({
    group,
    objective: { outputs: 1 },
    batch: examples,
    examples,
    ...setting,
  });
  const first = Matrix.mul(targets, -1);
  let weights = Matrix.zeros(inputs.columns, 1);
  for (let step = 0; step < steps; step++) {
    const residual = inputs.mmul(weights).sub(targets);
    if (step > 0 && (step < 16 || step % every === 0)) {
      const loss = meanSquare(validationInputs.mmul(weights).sub(validationTargets));
      records.push(measured(step, { "loss/validation": loss }));
    }
    records.push(stepped(step, meanSquare(residual)));
    if (step === 8 || step % 256 === 255) {
      records.push(
        measured(step, { "kernel/distance": distance }),
        { t: "vector", step, name: "kernel/spectrum", values: spectrum },
        { t: "vector", step, name: "kernel/residual", values: along(residual) },
        { t: "vector", step, name: "kernel/initialResidual", values: along(first) },
      );
    }
    weights = Matrix.sub(weights, transposed.mmul(residual).mul((2 * rate) / examples));
  }
  return [...records, { t: "end", step: steps, how: "finished" }];
}
