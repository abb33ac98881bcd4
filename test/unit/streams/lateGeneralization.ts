import { Matrix } from "ml-matrix";
import { RunHistory, type HistoryRecord } from "../../../src/theory/history.ts";
import type { RunView } from "../../../src/theory/runView.ts";
import { gaussians } from "../../oracle/tinyNetwork.ts";
import { measured, opening, stepped } from "../theoryStreams.ts";

export interface LateGeneralization {
  /** λ of the penalty λ·‖w‖². */
  readonly penalty: number;
  readonly rate: number;
  readonly seed: number;
  readonly steps: number;
  /** Standard deviation of the first weights; of those that make the targets it is 0.3. */
  readonly scale?: number;
}

const [examples, inputs, every] = [24, 48, 8];

/**
 * Linear regression of twice as many weights as examples that begins with large ones, in float64: it fits the examples at once, and what its weights
 * say of others goes by the penalty alone.
 */
export function lateGeneralization({ penalty, rate, seed, steps, scale = 1 }: LateGeneralization): HistoryRecord[] {
  const data = gaussians(7);
  const drawn = (rows: number, draw: () => number, deviation = 1) =>
    new Matrix(Array.from({ length: rows }, () => Array.from({ length: inputs }, () => deviation * draw())));
  const teacher = drawn(1, data, 0.3).transpose();
  const [rows, others] = [drawn(examples, data), drawn(100, data)];
  const [targets, wanted] = [rows.mmul(teacher), others.mmul(teacher)];
  const transposed = rows.transpose();
  let weights = drawn(1, gaussians(seed), scale).transpose();
  const group = { learningRate: rate };
  const regularized = penalty > 0;
  const records: HistoryRecord[] = [
    ...opening({ group, objective: { outputs: 1, regularized }, batch: examples, examples }),
    {
      t: "model",
      step: 0,
      id: "m",
      modules: [{ path: "a", kind: "Dense", parameterShapes: [[inputs, 1]], parameters: inputs }],
      parameters: inputs,
    },
  ];
  for (let step = 0; step < steps; step++) {
    const residual = rows.mmul(weights).sub(targets);
    const norm = weights.norm("frobenius");
    if (step % every === 0) {
      const loss = others.mmul(weights).sub(wanted).norm("frobenius") ** 2 / others.rows;
      if (step > 0) records.push(measured(step, { "loss/validation": loss }));
      records.push(measured(step, { "weight/norm@a": norm }));
    }
    records.push(stepped(step, residual.norm("frobenius") ** 2 / examples + penalty * norm ** 2));
    const gradient = transposed
      .mmul(residual)
      .mul(2 / examples)
      .add(Matrix.mul(weights, 2 * penalty));
    weights = Matrix.sub(weights, gradient.mul(rate));
  }
  return [...records, { t: "end", step: steps, how: "finished" }];
}

/** The same, as one that has ended. */
export function lateBefore(run: LateGeneralization): RunView {
  const history = new RunHistory("an earlier run");
  for (const record of lateGeneralization(run)) history.append(record);
  return history.view();
}
