import { Matrix } from "ml-matrix";
import type { HistoryRecord } from "../../../src/theory/history.ts";
import { gaussians, largestEigenvalue } from "../../oracle/tinyNetwork.ts";
import { measured, opening, stepped, type Setting } from "../theoryStreams.ts";

interface ScaledOutput {
  /** α: what the network's outputs are multiplied by. */
  readonly scale: number;
  /** η·μ of the tangent kernel's largest eigenvalue at initialization. */
  readonly product?: number;
  readonly width?: number;
  readonly steps?: number;
  readonly seed?: number;
  readonly every?: number;
  readonly setting?: Setting;
}

const [examples, inputs] = [16, 3];

/**
 * f(x) = α·Σᵢ aᵢ·tanh(wᵢ·x)/√n, trained on ½ of the mean squared error in float64. Units begin in pairs of opposite aᵢ, so that f is zero first whatever
 * α; with the largest eigenvalue of the loss's Hessian by its derivatives as they stand in any text.
 */
export function scaledOutput({
  scale,
  product = 0.4,
  width = 40,
  steps = 420,
  seed = 1,
  every = 60,
  setting = {},
}: ScaledOutput): HistoryRecord[] {
  const draw = gaussians(seed);
  const task = gaussians(77);
  const points = Array.from({ length: examples }, () => Array.from({ length: inputs }, task));
  const targets = points.map(([one = 0, two = 0]) => Math.sin(2 * one) + two);
  const half = Array.from({ length: width / 2 }, () => ({
    out: draw(),
    weights: Array.from({ length: inputs }, draw),
  }));
  const units = [1, -1].flatMap((sign) => half.map(({ out, weights }) => ({ out: sign * out, weights: [...weights] })));
  const factor = scale / Math.sqrt(width);
  /** Of each example, the gradient of f by all weights. */
  const gradients = () =>
    points.map((point) =>
      units.flatMap(({ out, weights }) => {
        const hidden = Math.tanh(weights.reduce((sum, weight, at) => sum + weight * (point[at] ?? NaN), 0));
        return [factor * hidden, ...point.map((each) => factor * out * (1 - hidden ** 2) * each)];
      }),
    );
  const outputs = () =>
    points.map((point) =>
      units.reduce(
        (sum, { out, weights }) =>
          sum + factor * out * Math.tanh(weights.reduce((total, weight, at) => total + weight * (point[at] ?? NaN), 0)),
        0,
      ),
    );
  const jacobian = new Matrix(gradients());
  const largest = largestEigenvalue(jacobian.mmul(jacobian.transpose())) / examples;
  const rate = product / largest;
  const records: HistoryRecord[] = [
    {
      ...({ t: "model", step: 0, id: "m", parameters: width * (inputs + 1), width, depth: 2 } as const),
      modules: [
        { path: "first", kind: "Dense", parameterShapes: [[inputs, width]], parameters: inputs * width },
        { path: "second", kind: "Dense", parameterShapes: [[width, 1]], parameters: width },
      ],
    },
    ...opening({
      ...setting,
      batch: setting.batch ?? examples,
      examples,
      group: { learningRate: rate, ...setting.group },
    }),
  ];
  for (let step = 0; step < steps; step++) {
    const rows = gradients();
    const residual = outputs().map((output, index) => output - (targets[index] ?? NaN));
    records.push(stepped(step, residual.reduce((sum, each) => sum + each ** 2, 0) / (2 * examples)));
    if (step % every === 0) {
      const hessian = new Matrix(rows).transpose().mmul(new Matrix(rows)).div(examples);
      for (const [index, point] of points.entries()) {
        for (const [unit, { out, weights }] of units.entries()) {
          const hidden = Math.tanh(weights.reduce((sum, weight, at) => sum + weight * (point[at] ?? NaN), 0));
          const pull = (factor * (residual[index] ?? NaN) * (1 - hidden ** 2)) / examples;
          const at = unit * (inputs + 1);
          for (const [i, one] of point.entries()) {
            add(hessian, at, at + 1 + i, pull * one);
            add(hessian, at + 1 + i, at, pull * one);
            for (const [j, other] of point.entries())
              add(hessian, at + 1 + i, at + 1 + j, -2 * hidden * out * pull * one * other);
          }
        }
      }
      records.push(measured(step, { "sharpness/batch": largestEigenvalue(hessian) }));
    }
    for (const [unit, { weights }] of units.entries()) {
      const own = units[unit];
      if (own === undefined) continue;
      const at = unit * (inputs + 1);
      const slope = (index: number) =>
        residual.reduce((sum, each, example) => sum + each * (rows[example]?.[at + index] ?? NaN), 0) / examples;
      own.out -= rate * slope(0);
      for (let input = 0; input < inputs; input++) weights[input] = (weights[input] ?? NaN) - rate * slope(input + 1);
    }
  }
  return [...records, { t: "end", step: steps, how: "finished" }];
}

function add(matrix: Matrix, row: number, column: number, value: number): void {
  matrix.set(row, column, matrix.get(row, column) + value);
}
