import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import type { HistoryRecord } from "../../../src/theory/history.ts";
import { gaussians } from "../../oracle/tinyNetwork.ts";
import { measured, opening, stepped, type Setting } from "../theoryStreams.ts";

export interface WideNetwork {
  readonly width: number;
  readonly steps: number;
  /** η·κ·μ of the largest eigenvalue at initialization. */
  readonly product?: number;
  readonly seed?: number;
  readonly every?: number;
  /** Examples in the kernel, of 16. */
  readonly inKernel?: number;
  readonly setting?: Setting;
}

const examples = 16;
const inputs = 3;

interface Unit {
  readonly weights: readonly number[];
  readonly out: number;
}

/**
 * f(x) = Σᵢ aᵢ·tanh(wᵢ·x)/√n of normal aᵢ and wᵢ, trained on ½ of the mean squared error of sin(2·x₁) + x₂ in float64, with the tangent kernel by its
 * derivatives as they stand in any text.
 */
export function wideNetwork({
  width,
  steps,
  product = 0.5,
  seed = 1,
  every = 20,
  inKernel = examples,
  setting,
}: WideNetwork) {
  const draw = gaussians(seed);
  const points = Array.from({ length: examples }, () => Array.from({ length: inputs }, draw));
  const targets = points.map(([one = 0, two = 0]) => Math.sin(2 * one) + two);
  let units = Array.from({ length: width }, (): Unit => ({
    weights: Array.from({ length: inputs }, draw),
    out: draw(),
  }));
  const scale = 1 / Math.sqrt(width);
  const inside = ({ weights }: Unit, point: readonly number[]) =>
    Math.tanh(weights.reduce((sum, each, index) => sum + each * (point[index] ?? 0), 0));
  const residuals = () =>
    points.map(
      (point, index) =>
        units.reduce((sum, unit) => sum + scale * unit.out * inside(unit, point), 0) - (targets[index] ?? 0),
    );
  const kernel = () => {
    const hidden = points.map((point) => units.map((unit) => inside(unit, point)));
    return new Matrix(
      hidden.map((one, i) =>
        hidden.map((other, j) => {
          const overlap = inner(points[i] ?? [], points[j] ?? []);
          return units.reduce((sum, { out }, unit) => {
            const [h, k] = [one[unit] ?? 0, other[unit] ?? 0];
            return sum + scale ** 2 * (h * k + out ** 2 * (1 - h * h) * (1 - k * k) * overlap);
          }, 0);
        }),
      ),
    );
  };
  const first = kernel();
  const largest = Math.max(...new EigenvalueDecomposition(first, { assumeSymmetric: true }).realEigenvalues) / examples;
  const rate = product / largest;
  const group = { learningRate: rate };
  const records: HistoryRecord[] = opening({ group, objective: { outputs: 1 }, batch: 16, examples: 16, ...setting });
  for (let step = 0; step < steps; step++) {
    const residual = residuals();
    records.push(stepped(step, inner(residual, residual) / (2 * examples)));
    if (step % every === 0) records.push(...measuredKernel(step, kernel(), first, residual, inKernel));
    units = units.map((unit) => {
      const hidden = points.map((point) => inside(unit, point));
      const pulls = hidden.map((h, i) => ((residual[i] ?? 0) * unit.out * (1 - h * h) * scale) / examples);
      return {
        weights: unit.weights.map(
          (each, index) => each - rate * pulls.reduce((sum, pull, i) => sum + pull * (points[i]?.[index] ?? 0), 0),
        ),
        out: unit.out - (rate * scale * inner(hidden, residual)) / examples,
      };
    });
  }
  return [...records, { t: "end", step: steps, how: "finished" }] satisfies HistoryRecord[];
}

function measuredKernel(
  step: number,
  whole: Matrix,
  first: Matrix,
  residual: readonly number[],
  count: number,
): HistoryRecord[] {
  const kernel = whole.subMatrix(0, count - 1, 0, count - 1);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(kernel, { assumeSymmetric: true });
  const parts = realEigenvalues.map((value, column) => ({
    value: value / count,
    part: inner(eigenvectorMatrix.getColumn(column), residual.slice(0, count)) ** 2 / (2 * count),
  }));
  const sorted = parts.toSorted((one, other) => other.value - one.value);
  return [
    ...(step > 0 ? [measured(step, { "kernel/distance": Matrix.sub(whole, first).norm() / first.norm() })] : []),
    { t: "vector", step, name: "kernel/spectrum", values: sorted.map(({ value }) => value) },
    { t: "vector", step, name: "kernel/residual", values: sorted.map(({ part }) => part) },
  ];
}

function inner(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, each, index) => sum + each * (other[index] ?? 0), 0);
}
