import { Matrix } from "ml-matrix";
import type { HistoryRecord } from "../../../src/theory/history.ts";
import { measured, opening, stepped } from "../theoryStreams.ts";
import { gaussianMatrix } from "./freshLayers.ts";

export interface DyingUnits {
  /** Standard deviation of what is added to the inputs anew at each step. */
  readonly noise?: number;
  readonly steps?: number;
}

/** Full-batch descent in float64 on x → ReLU(x·A + b) → ·B, with biases that leave some units dead, and what a probe would have recorded. */
export function dyingUnits({ noise = 0, steps = 130 }: DyingUnits = {}): HistoryRecord[] {
  const [examples, width, rate] = [20, 30, 0.05];
  const inputs = gaussianMatrix(examples, 3, 1, 1);
  const targets = inputs.mmul(gaussianMatrix(3, 1, 1, 2));
  let [a, b] = [gaussianMatrix(3, width, 1, 3), gaussianMatrix(width, 1, 0.3, 4)];
  let bias = gaussianMatrix(1, width, 3, 5);
  const records: HistoryRecord[] = [
    ...opening(),
    {
      t: "model",
      step: 0,
      id: "m",
      modules: [{ path: "first", kind: "Dense", parameterShapes: [[3, width], [width]], parameters: 4 * width }],
      parameters: 5 * width,
    },
  ];
  for (let step = 0; step < steps; step++) {
    const seen = Matrix.add(inputs, gaussianMatrix(examples, 3, noise, step + 10));
    const before = seen.mmul(a).addRowVector(bias);
    const active = new Matrix(before.to2DArray().map((row) => row.map((each) => (each > 0 ? 1 : 0))));
    const hidden = Matrix.mul(before, active);
    const error = Matrix.sub(hidden.mmul(b), targets).div(examples);
    const below = Matrix.mul(error.mmul(b.transpose()), active);
    const dead = active.sum("column").filter((count) => count === 0).length;
    records.push(stepped(step, error.norm() ** 2 * examples));
    records.push(measured(step, { "activation/deadFraction@first": dead / width }));
    const ofBias = Matrix.rowVector(below.sum("column"));
    a = Matrix.sub(a, seen.transpose().mmul(below).mul(rate));
    bias = Matrix.sub(bias, ofBias.mul(rate));
    b = Matrix.sub(b, hidden.transpose().mmul(error).mul(rate));
  }
  return [...records, { t: "end", step: steps, how: "finished" }];
}
