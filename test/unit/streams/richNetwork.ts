import { Matrix } from "ml-matrix";
import type { HistoryRecord } from "../../../src/theory/history.ts";
import { gaussians } from "../../oracle/tinyNetwork.ts";
import { opening, type Setting } from "../theoryStreams.ts";

interface RichNetwork {
  /** γ: what the network's outputs are divided by. */
  readonly gamma: number;
  readonly rate: number;
  /** L. */
  readonly matrices?: number;
  readonly width?: number;
  readonly steps?: number;
  readonly seed?: number;
  readonly activation?: string;
  readonly setting?: Setting;
}

const [examples, inputs] = [24, 4];

/**
 * f(x) = W_L·φ(…φ(W₁·x))/γ with φ(z) = max(z, 0), trained on the mean squared error of a function that it cannot fit, in float64, with its gradient by
 * backpropagation as it stands in any text.
 */
export function richNetwork({
  gamma,
  rate,
  matrices = 2,
  width = 12,
  steps = 300,
  seed = 1,
  activation = "relu",
  setting = {},
}: RichNetwork): HistoryRecord[] {
  const [draw, task] = [gaussians(seed), gaussians(177)];
  const random = (rows: number, columns: number, deviation: number, of: () => number) =>
    new Matrix(Array.from({ length: rows }, () => Array.from({ length: columns }, () => deviation * of())));
  const points = random(examples, inputs, 1, task);
  const targets = new Matrix(
    points.to2DArray().map(([one = 0, two = 0]) => [Math.sin(2 * one) + one * two + 0.5 * task()]),
  );
  const sizes = [inputs, ...Array.from({ length: matrices - 1 }, () => width), 1];
  const weights = sizes.slice(1).map((size, layer) => {
    const from = sizes[layer] ?? NaN;
    return random(from, size, Math.sqrt((layer < matrices - 1 ? 2 : 1) / from), draw);
  });
  const names = weights.map((_, layer) => `dense${layer}`);
  const records: HistoryRecord[] = [
    {
      ...({ t: "model", step: 0, id: "m", parameters: 1, width, depth: matrices } as const),
      modules: weights.map((matrix, layer) => ({
        ...{ path: names[layer] ?? "", kind: "Dense", parameterShapes: [[matrix.rows, matrix.columns]], parameters: 1 },
        activation: layer < matrices - 1 ? activation : "linear",
      })),
    },
    ...opening({ ...setting, batch: examples, examples, group: { learningRate: rate, ...setting.group } }),
  ];
  for (let step = 0; step < steps; step++) {
    const values = [points];
    for (const [layer, matrix] of weights.entries()) {
      const sum = (values[layer] ?? points).mmul(matrix);
      values.push(layer < matrices - 1 ? Matrix.max(sum, Matrix.zeros(sum.rows, sum.columns)) : sum);
    }
    const errors = Matrix.sub((values[matrices] ?? points).clone().div(gamma), targets);
    const loss = errors.norm() ** 2 / examples;
    if (!(loss < 1e6)) return [...records, { t: "end", step, how: "diverged" }];
    let back = Matrix.mul(errors, 2 / examples / gamma);
    const gradients: Matrix[] = [];
    for (let layer = matrices - 1; layer >= 0; layer--) {
      const below = values[layer] ?? points;
      gradients.unshift(below.transpose().mmul(back));
      back = back.mmul((weights[layer] ?? points).transpose());
      if (layer > 0) back.mul(Matrix.sign(below));
    }
    const norms = weights.map((matrix, layer) => [`weight/norm@${names[layer] ?? ""}`, matrix.norm()] as const);
    records.push({
      ...{ t: "step", step },
      values: {
        "loss/train": loss,
        "gradient/norm": Math.hypot(...gradients.map((each) => each.norm())),
        ...Object.fromEntries(norms),
      },
    });
    for (const [layer, matrix] of weights.entries()) matrix.sub((gradients[layer] ?? matrix).mul(rate));
  }
  return [...records, { t: "end", step: steps, how: "finished" }];
}

/** One run for each rate. */
export function richSweep(network: Omit<RichNetwork, "rate">, rates: readonly number[]): HistoryRecord[][] {
  return rates.map((rate) => richNetwork({ ...network, rate }));
}
