import { EigenvalueDecomposition } from "ml-matrix";
import type { HistoryRecord } from "../../../src/theory/history.ts";
import { chebyshev, tinyNetwork, type TinyNetwork } from "../../oracle/tinyNetwork.ts";
import { measured, opening, type Setting } from "../theoryStreams.ts";

interface AtTheEdge {
  readonly rate: number;
  readonly steps: number;
  readonly every?: number;
  readonly seed?: number;
  readonly width?: number;
  readonly target?: (x: number) => number;
  readonly setting?: Setting;
}

/**
 * A tanh network that gradient descent drives to the edge of stability, in float64, with what a probe measures of its curvature: the largest
 * eigenvalues of a dense Hessian, −∇S·∇L and ‖∇S‖, the gradient of the largest by differences of the gradient.
 */
export function atTheEdge({
  rate,
  steps,
  every = 20,
  seed = 2,
  width = 10,
  target = (x) => 8 * x ** 4 - 8 * x ** 2 + 1,
  setting = {},
}: AtTheEdge): HistoryRecord[] {
  const { inputs } = chebyshev(24);
  const network = tinyNetwork(
    [1, width, width, 1],
    inputs,
    inputs.map(([x = 0]) => [target(x)]),
  );
  const records: HistoryRecord[] = opening({
    ...setting,
    group: { learningRate: rate, ...setting.group },
    batch: setting.batch ?? 24,
    examples: 24,
  });
  let weights = network.initial(seed);
  for (let step = 0; step < steps; step++) {
    const gradient = network.gradient(weights);
    const norm = Math.sqrt(inner(gradient, gradient));
    records.push({ t: "step", step, values: { "loss/train": network.loss(weights), "gradient/norm": norm } });
    if (step % every === 0) records.push(...curvature(network, weights, gradient, step));
    weights = weights.map((weight, index) => weight - rate * (gradient[index] ?? NaN));
  }
  return [...records, { t: "end", step: steps, how: "finished" }];
}

function curvature(network: TinyNetwork, weights: Float64Array, gradient: Float64Array, step: number): HistoryRecord[] {
  const decomposition = new EigenvalueDecomposition(network.hessian(weights), { assumeSymmetric: true });
  const values = decomposition.realEigenvalues.toSorted((one, other) => other - one);
  const vector = decomposition.eigenvectorMatrix.getColumn(decomposition.realEigenvalues.indexOf(values[0] ?? NaN));
  // The next derivative leaves h², rounding 1e-16/h², relative to gradients of order one: both near 1e-8.
  const h = 1e-4;
  const at = (side: number) =>
    network.gradient(weights.map((weight, index) => weight + side * h * (vector[index] ?? NaN)));
  const [before, after] = [at(-1), at(1)];
  const slope = gradient.map((here, index) => ((before[index] ?? NaN) - 2 * here + (after[index] ?? NaN)) / h ** 2);
  return [
    measured(step, {
      "sharpness/batch": values[0] ?? NaN,
      "sharpness/progressive": -inner(slope, gradient),
      "sharpness/gradientNorm": Math.sqrt(inner(slope, slope)),
    }),
    { t: "vector", step, name: "hessian/eigenvalues", values: values.slice(0, 4) },
  ];
}

function inner(one: Float64Array, other: Float64Array): number {
  return one.reduce((sum, each, index) => sum + each * (other[index] ?? NaN), 0);
}
