import type { HistoryRecord } from "../../../src/theory/history.ts";
import { tinyClassifier } from "../../oracle/tinyClassifier.ts";
import { gaussians } from "../../oracle/tinyNetwork.ts";
import { measured, opening, stepped } from "../theoryStreams.ts";

export interface ForkedRun {
  /** The step from which on batches come in this run's own order. */
  readonly after?: number;
  /** Of what comes from then on; that before is of order 0. */
  readonly order?: number;
  readonly seed?: number;
  readonly steps?: number;
  readonly rate?: number;
  /** Earlier runs, as the name and the last weights. */
  readonly others?: readonly { readonly name: string; readonly weights: Float64Array }[];
}

const [examples, batch, hidden] = [96, 8, 6];

/**
 * A classifier trained by descent on batches in float64, that is one with every other of its seed up to a step. At its end the barriers to others are
 * recorded, as the highest of 33 losses on the line over the mean of both ends.
 */
export function forkedRun({ after = 0, order = 0, seed = 1, steps = 300, rate = 0.3, others = [] }: ForkedRun) {
  const { initial, evaluate } = tinyClassifier({ classes: 3, inputs: 4, hidden, examples, seed });
  let weights = initial();
  const size = weights.length;
  const [together, own] = [gaussians(100), gaussians(100 + order)];
  const records: HistoryRecord[] = [
    ...opening({ group: { learningRate: rate }, objective: { kind: "crossEntropy" }, batch, examples }),
    {
      t: "model",
      step: 0,
      id: "m",
      parameters: size,
      modules: [{ path: "all", kind: "Dense", parameterShapes: [[1, size]], parameters: size }],
    },
    measured(0, { "weight/norm@all": Math.hypot(...weights) }),
  ];
  for (let step = 0; step < steps; step++) {
    const draw = step < after ? together : own;
    const drawn = Array.from({ length: batch }, () => Math.floor(Math.abs(1000 * draw())) % examples);
    const { loss, gradient } = evaluate(weights, drawn);
    records.push(stepped(step, loss));
    weights = weights.map((weight, index) => weight - rate * (gradient[index] ?? 0));
  }
  for (const { name, weights: there } of others) {
    const losses = Array.from(
      { length: 33 },
      (_, place) =>
        evaluate(weights.map((weight, index) => weight + (place / 32) * ((there[index] ?? NaN) - weight))).loss,
    );
    const barrier = Math.max(...losses) - ((losses[0] ?? NaN) + (losses.at(-1) ?? NaN)) / 2;
    records.push(measured(steps - 1, { [`connectivity/barrier@${name}`]: barrier }));
  }
  return { records: [...records, { t: "end", step: steps, how: "finished" } as const], weights };
}
