import { Matrix } from "ml-matrix";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { measured, opening, stepped } from "../unit/theoryStreams.ts";
import { gaussians } from "./tinyNetwork.ts";

interface TwoLayerDescent {
  readonly activation: "linear" | "relu";
  readonly momentum?: number;
  /** Weight penalty λ/2·‖A‖², in the loss itself. */
  readonly penalty?: number;
  /** Rounds weights and gradients to float32 after each step, as a framework does. */
  readonly float32?: boolean;
  readonly steps?: number;
}

const rate = 0.05;

/** Squared error of x·A → f → ·B on 32 points, by backpropagation in matrices; the records are what a probe would write. */
export function twoLayerDescent({
  activation,
  momentum = 0,
  penalty = 0,
  float32 = false,
  steps = 400,
}: TwoLayerDescent) {
  const next = gaussians(3);
  const random = (rows: number, columns: number, scale: number) =>
    new Matrix(Array.from({ length: rows }, () => Array.from({ length: columns }, () => scale * next())));
  const round = (matrix: Matrix) =>
    float32 ? new Matrix(matrix.to2DArray().map((row) => row.map(Math.fround))) : matrix;
  const [inputs, teacher] = [random(32, 5, 1), random(5, 3, 0.5)];
  const targets = inputs.mmul(teacher);
  let [a, b] = [round(random(5, 8, 0.4)), round(random(8, 3, 0.4))];
  let [velocityA, velocityB] = [Matrix.zeros(5, 8), Matrix.zeros(8, 3)];
  const records: HistoryRecord[] = opening({ group: { learningRate: rate } });
  const residuals: number[] = [];
  const leftovers: number[] = [];
  for (let step = 0; step < steps; step++) {
    const hidden = inputs.mmul(a);
    const slope = new Matrix(
      hidden.to2DArray().map((row) => row.map((z) => (activation === "linear" || z > 0 ? 1 : 0))),
    );
    const active = Matrix.mul(hidden, slope);
    const error = Matrix.sub(active.mmul(b), targets);
    const gradientB = round(
      active
        .transpose()
        .mmul(error)
        .mul(1 / 32),
    );
    const below = Matrix.mul(error.mmul(b.transpose()), slope);
    const gradientA = round(
      Matrix.add(
        inputs
          .transpose()
          .mmul(below)
          .mul(1 / 32),
        Matrix.mul(a, penalty),
      ),
    );
    velocityA = Matrix.add(Matrix.mul(velocityA, momentum), gradientA);
    velocityB = Matrix.add(Matrix.mul(velocityB, momentum), gradientB);
    const [afterA, afterB] = [
      round(Matrix.sub(a, Matrix.mul(velocityA, rate))),
      round(Matrix.sub(b, Matrix.mul(velocityB, rate))),
    ];
    const before = defect(a, b, activation);
    const drift = Matrix.sub(defect(afterA, afterB, activation), before);
    const exact = defect(gradientA, gradientB, activation).mul(rate ** 2);
    const left = Matrix.sub(drift, exact).norm();
    const residual = left / (a.norm() ** 2 + b.norm() ** 2);
    leftovers.push(left);
    residuals.push(residual);
    records.push(stepped(step, error.norm() ** 2 / 64));
    if (step % 5 === 0) {
      records.push(
        measured(step, {
          "balance/defect@a→b": before.norm(),
          "balance/drift@a→b": drift.norm(),
          "balance/residual@a→b": residual,
          "balance/gradient@a→b": gradientA.norm() ** 2 + gradientB.norm() ** 2,
        }),
      );
    }
    [a, b] = [afterA, afterB];
  }
  return {
    records: [...records, { t: "end", step: steps, how: "finished" }] satisfies HistoryRecord[],
    /** Of the balance's identity, at each step, over ‖A‖² + ‖B‖². */
    residuals,
    /** The same as they are. */
    leftovers,
  };
}

function defect(a: Matrix, b: Matrix, activation: TwoLayerDescent["activation"]): Matrix {
  const whole = Matrix.sub(a.transpose().mmul(a), b.mmul(b.transpose()));
  return activation === "linear" ? whole : new Matrix([whole.diagonal()]);
}
