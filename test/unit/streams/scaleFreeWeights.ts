import type { HistoryRecord } from "../../../src/theory/history.ts";
import { gaussians } from "../../oracle/tinyNetwork.ts";
import { measured, opening, stepped } from "../theoryStreams.ts";

export interface ScaleFreeWeights {
  readonly rate?: number;
  readonly decay?: number;
  /** Share of the gradient of 5·‖w‖² that the loss has and the record does not tell. */
  readonly pull?: number;
  readonly steps?: number;
  readonly seed?: number;
  /** Standard deviation of what no weights fit. */
  readonly noise?: number;
}

/**
 * Plain gradient descent in float64 on the mean squared error of x·w/‖w‖ over batches of 8 from 64 noisy examples, whose gradient is
 * (I − ŵŵᵀ)·∂L/∂ŵ/‖w‖: what a probe would have recorded of it, and the norm's square at every step.
 */
export function scaleFreeWeights({
  rate = 0.1,
  decay = 0,
  pull = 0,
  steps = 900,
  seed = 5,
  noise = 0.5,
}: ScaleFreeWeights = {}) {
  const next = gaussians(seed);
  const size = 20;
  const draw = () => Array.from({ length: size }, next);
  const [inputs, teacher] = [Array.from({ length: 64 }, draw), draw()];
  const targets = inputs.map((row) => dot(row, teacher) / Math.sqrt(dot(teacher, teacher)) + noise * next());
  let weights = draw().map((each) => each / 10);
  const squares: number[] = [];
  const gradients: number[] = [];
  const records: HistoryRecord[] = opening({
    batch: 8,
    group: { learningRate: rate, weightDecay: decay, weightDecayForm: "coupled" },
  });
  for (let step = 0; step < steps; step++) {
    const square = dot(weights, weights);
    const norm = Math.sqrt(square);
    const unit = weights.map((each) => each / norm);
    const batch = Array.from({ length: 8 }, (_, index) => (8 * step + index) % 64);
    const errors = batch.map((index) => dot(inputs[index] ?? [], unit) - (targets[index] ?? NaN));
    const byUnit = unit.map((_, at) =>
      batch.reduce((sum, index, place) => sum + ((errors[place] ?? NaN) * (inputs[index]?.[at] ?? NaN)) / 4, 0),
    );
    const along = dot(byUnit, unit);
    const gradient = byUnit.map((each, at) => (each - along * (unit[at] ?? NaN)) / norm + pull * (weights[at] ?? NaN));
    const gradientSquare = dot(gradient, gradient);
    squares.push(square);
    gradients.push(gradientSquare);
    records.push({
      t: "step",
      step,
      values: { "loss/train": dot(errors, errors) / 8, "gradient/norm@a": Math.sqrt(gradientSquare) },
    });
    if (step % 4 === 0) {
      const cosine = dot(weights, gradient) / Math.sqrt(square * gradientSquare);
      records.push(measured(step, { "weight/norm@a": norm, "scale/product@a": cosine }));
    }
    weights = weights.map((each, at) => (1 - rate * decay) * each - rate * (gradient[at] ?? NaN));
  }
  records.push(stepped(steps, 1));
  return {
    records: [...records, { t: "end", step: steps, how: "finished" }] satisfies HistoryRecord[],
    squares,
    gradients,
  };
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, each, index) => sum + each * (b[index] ?? NaN), 0);
}
