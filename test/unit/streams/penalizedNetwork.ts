import { Matrix } from "ml-matrix";
import type { HistoryRecord } from "../../../src/theory/history.ts";
import { GrowingNetwork, type Batch } from "../../oracle/growingNetwork.ts";
import { gaussians } from "../../oracle/tinyNetwork.ts";
import { measured, opening, stepped } from "../theoryStreams.ts";

export interface PenalizedNetwork {
  readonly rate?: number;
  readonly strength?: number;
  /** Examples a step, of 24. */
  readonly batch?: number;
  readonly steps?: number;
  readonly seed?: number;
}

const [examples, width] = [24, 10];

/**
 * Gradient descent in float64 on a mean squared error with the penalty λ/2·‖W‖², with, for each matrix, how far W·Wᵀ and the outer product of
 * inputs and gradients by them lie apart: ‖(∂L/∂W + λW)·Wᵀ‖/(λ‖W·Wᵀ‖), W as [inputs, units].
 */
export function penalizedNetwork({
  rate = 0.1,
  strength = 0.01,
  batch = examples,
  steps = 300,
  seed = 1,
}: PenalizedNetwork = {}): HistoryRecord[] {
  const next = gaussians(seed + 5);
  const inputs = Array.from({ length: examples }, () => Float64Array.from({ length: 8 }, next));
  const targets = inputs.map((x) => Math.tanh((x[0] ?? NaN) + (x[1] ?? NaN)) + Math.sin(x[2] ?? NaN) + 0.3 * next());
  const network = new GrowingNetwork({
    width,
    depth: 1,
    residual: false,
    update: "descent",
    rate: () => rate,
    scale: (layer) => 1 / Math.sqrt(layer === 0 ? 8 : width),
    multiplier: () => 1,
    penalty: strength,
    seed,
  });
  const setting = { group: { learningRate: rate }, objective: { regularized: true }, batch, examples };
  const records: HistoryRecord[] = [
    { t: "model", step: 0, id: "m", modules: [], parameters: width * (8 + width + 1) },
    ...opening(setting),
  ];
  for (let step = 0; step < steps; step++) {
    const start = (step * batch) % examples;
    const part = { inputs: inputs.slice(start, start + batch), targets: targets.slice(start, start + batch) };
    if (step % 4 === 0) records.push(measured(step, differences(network, part, strength)));
    records.push(stepped(step, network.step(part)));
  }
  return [...records, { t: "end", step: steps, how: "finished" }];
}

function differences(network: GrowingNetwork, part: Batch, strength: number): Readonly<Record<string, number>> {
  const { gradients } = network.gradient(part);
  return Object.fromEntries(
    network.weights.map(({ rows, columns, values }, layer) => {
      const weights = Matrix.from1DArray(rows, columns, values).transpose();
      const rest = Matrix.from1DArray(rows, columns, gradients[layer] ?? values).transpose();
      const whole = Matrix.add(rest, Matrix.mul(weights, strength)).mmul(weights.transpose());
      const features = weights.mmul(weights.transpose());
      return [`feature/fact@dense${layer}`, whole.norm("frobenius") / (strength * features.norm("frobenius"))];
    }),
  );
}
