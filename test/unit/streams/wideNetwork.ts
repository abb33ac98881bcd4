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
  const weights = Float64Array.from({ length: width * inputs }, draw);
  const outs = Float64Array.from({ length: width }, draw);
  const scale = 1 / Math.sqrt(width);
  /** Of each example, each unit's output. */
  const hiddenUnits = () =>
    points.map((point) => {
      const hidden = new Float64Array(width);
      for (let unit = 0; unit < width; unit++) {
        let sum = 0;
        for (let at = 0; at < inputs; at++) sum += (weights[unit * inputs + at] ?? 0) * (point[at] ?? 0);
        hidden[unit] = Math.tanh(sum);
      }
      return hidden;
    });
  const kernelOf = (hidden: readonly Float64Array[]) =>
    new Matrix(
      hidden.map((one, i) =>
        hidden.map((other, j) => {
          const overlap = inner(points[i] ?? [], points[j] ?? []);
          let sum = 0;
          for (let unit = 0; unit < width; unit++) {
            const h = one[unit] ?? 0;
            const k = other[unit] ?? 0;
            sum += h * k + (outs[unit] ?? 0) ** 2 * (1 - h * h) * (1 - k * k) * overlap;
          }
          return scale ** 2 * sum;
        }),
      ),
    );
  const first = kernelOf(hiddenUnits());
  const largest = Math.max(...new EigenvalueDecomposition(first, { assumeSymmetric: true }).realEigenvalues) / examples;
  const rate = product / largest;
  const group = { learningRate: rate };
  const records: HistoryRecord[] = opening({ group, objective: { outputs: 1 }, batch: 16, examples: 16, ...setting });
  let atStart: readonly number[] = [];
  for (let step = 0; step < steps; step++) {
    const hidden = hiddenUnits();
    const residual = hidden.map((each, index) => scale * inner(each, outs) - (targets[index] ?? 0));
    if (step === 0) atStart = residual;
    records.push(stepped(step, inner(residual, residual) / (2 * examples)));
    if (step % every === 0)
      records.push(...measuredKernel(step, kernelOf(hidden), first, { residual, atStart }, inKernel));
    const gain = (rate * scale) / examples;
    const before = outs.slice();
    for (let index = 0; index < examples; index++) {
      const each = hidden[index] ?? outs;
      const pull = gain * (residual[index] ?? 0);
      const point = points[index] ?? [];
      for (let unit = 0; unit < width; unit++) {
        const h = each[unit] ?? 0;
        const slope = pull * (before[unit] ?? 0) * (1 - h * h);
        outs[unit] = (outs[unit] ?? 0) - pull * h;
        for (let at = 0; at < inputs; at++) {
          weights[unit * inputs + at] = (weights[unit * inputs + at] ?? 0) - slope * (point[at] ?? 0);
        }
      }
    }
  }
  return [...records, { t: "end", step: steps, how: "finished" }] satisfies HistoryRecord[];
}

function measuredKernel(
  step: number,
  whole: Matrix,
  first: Matrix,
  { residual, atStart }: { readonly residual: readonly number[]; readonly atStart: readonly number[] },
  count: number,
): HistoryRecord[] {
  const kernel = whole.subMatrix(0, count - 1, 0, count - 1);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(kernel, { assumeSymmetric: true });
  const along = (errors: readonly number[], column: number) =>
    inner(eigenvectorMatrix.getColumn(column), errors.slice(0, count)) ** 2 / (2 * count);
  const parts = realEigenvalues.map((value, column) => ({
    value: value / count,
    part: along(residual, column),
    initial: along(atStart, column),
  }));
  const sorted = parts.toSorted((one, other) => other.value - one.value);
  return [
    ...(step > 0 ? [measured(step, { "kernel/distance": Matrix.sub(whole, first).norm() / first.norm() })] : []),
    { t: "vector", step, name: "kernel/spectrum", values: sorted.map(({ value }) => value) },
    { t: "vector", step, name: "kernel/residual", values: sorted.map(({ part }) => part) },
    { t: "vector", step, name: "kernel/initialResidual", values: sorted.map(({ initial }) => initial) },
  ];
}

function inner(one: ArrayLike<number>, other: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < one.length; index++) sum += (one[index] ?? 0) * (other[index] ?? 0);
  return sum;
}
