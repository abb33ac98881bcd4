import { Matrix, SingularValueDecomposition } from "ml-matrix";
import { layerNameOf } from "./layers.ts";
import { at } from "../reference/scalarTape.ts";
import type { Architecture, BalancedPair } from "./architecture.ts";
import { gradientAt, inner, sum } from "./evaluation.ts";
import { exactly, type Expectation, tolerances } from "./expectation.ts";
import { type Matrices, matricesOf, matrixIn } from "./weightMatrices.ts";
import type { ObservedTraining } from "./observedTraining.ts";

const { single, double } = tolerances;

/** From weights before and after the step on the whole batch, and the reference's gradient. */
export function weightExpectations(
  architecture: Architecture,
  { whole, initial, learningRate }: ObservedTraining,
): [string, Expectation][] {
  const gradient = gradientAt(architecture, whole.weights, whole.examples);
  const change = Array.from(whole.after, (value, index) => value - at(whole.weights, index));
  const before = matricesOf(architecture, whole.weights);
  const start = matricesOf(architecture, initial);
  const after = matricesOf(architecture, whole.after);
  const gradients = matricesOf(architecture, gradient);
  return [
    ["gradient/norm", exactly(Math.sqrt(inner(gradient, gradient)), single)],
    [
      "gradient/alongWeights",
      exactly(
        inner(whole.weights, gradient),
        single,
        // Of terms that cancel.
        Math.sqrt(inner(whole.weights, whole.weights) * inner(gradient, gradient)),
      ),
    ],
    ["update/norm", exactly(Math.sqrt(inner(change, change)), double)],
    ...architecture.variables
      .filter(({ shape }) => shape.length > 1)
      .flatMap(({ name }) => [
        ...ofMatrix(layerNameOf(name), matrixIn(before, name), matrixIn(after, name)),
        ...sinceStart(layerNameOf(name), Matrix.sub(matrixIn(before, name), matrixIn(start, name))),
        [`gradient/norm@${layerNameOf(name)}`, exactly(matrixIn(gradients, name).norm("frobenius"), single)] as [
          string,
          Expectation,
        ],
      ]),
    ...architecture.scaleInvariant.flatMap((layer) => scaleInvariance(layer, before, gradients)),
    ...architecture.balanced.flatMap((pair) => balance(pair, { before, after, gradients }, learningRate)),
  ];
}

function ofMatrix(layer: string, before: Matrix, after: Matrix): [string, Expectation][] {
  const norm = before.norm("frobenius");
  const singular = new SingularValueDecomposition(before, { autoTranspose: true }).diagonal;
  const largest = Math.max(...singular);
  const cosine = inner(before.to1DArray(), after.to1DArray()) / (norm * after.norm("frobenius"));
  const side = Math.max(before.rows, before.columns);
  return [
    [`weight/norm@${layer}`, exactly(norm, double)],
    [`update/relative@${layer}`, exactly(Matrix.sub(after, before).norm("frobenius") / norm, double)],
    // An arc cosine loses half of its digits at small angles.
    [`update/angle@${layer}`, exactly(Math.acos(Math.min(1, cosine)), single)],
    // Lanczos stops at 1e-6 of the square.
    [`weight/spectralNorm@${layer}`, exactly(largest, 1e-6)],
    [`weight/stableRank@${layer}`, exactly(norm ** 2 / largest ** 2, 1e-6)],
    [
      `weight/spectrum@${layer}`,
      exactly(
        singular.map((each) => each ** 2 / side).toSorted((a, b) => b - a),
        double,
      ),
    ],
  ];
}

/** Of what a layer's weights have changed by since initialization. */
function sinceStart(layer: string, change: Matrix): [string, Expectation][] {
  const singular = new SingularValueDecomposition(change, { autoTranspose: true }).diagonal;
  const rank = change.norm("frobenius") ** 2 / Math.max(...singular) ** 2;
  return [[`update/stableRank@${layer}`, exactly(rank, 1e-6)]];
}

/** Cosine of the angle between a layer's weights and their gradient, and its root mean square for random directions. */
function scaleInvariance(layer: string, weights: Matrices, gradients: Matrices): [string, Expectation][] {
  const flat = (matrices: Matrices) =>
    [...matrices].filter(([name]) => name.startsWith(`${layer}/`)).flatMap(([, matrix]) => matrix.to1DArray());
  const [w, g] = [flat(weights), flat(gradients)];
  return [
    [`scale/product@${layer}`, exactly(inner(w, g) / Math.sqrt(inner(w, w) * inner(g, g)), single, 1)],
    [`scale/product@${layer}/null`, exactly(1 / Math.sqrt(w.length), double)],
  ];
}

/** Defect of the pair, with a rectifier between them: (AᵀA + a·aᵀ − B·Bᵀ)ᵢᵢ. */
function defect({ first, bias, second }: BalancedPair, matrices: Matrices): number[] {
  const [a, b] = [matrixIn(matrices, first), matrixIn(matrices, second)];
  const offset = bias === undefined ? undefined : matrixIn(matrices, bias);
  return b.to2DArray().map((row, unit) => {
    const column = a.getColumn(unit);
    return inner(column, column) + (offset?.get(0, unit) ?? 0) ** 2 - inner(row, row);
  });
}

function balance(
  pair: BalancedPair,
  { before, after, gradients }: Readonly<Record<"before" | "after" | "gradients", Matrices>>,
  rate: number,
): [string, Expectation][] {
  const where = `@${layerNameOf(pair.first)}→${layerNameOf(pair.second)}`;
  const length = (vector: readonly number[]) => Math.sqrt(inner(vector, vector));
  const squares = (matrices: Matrices) =>
    sum(
      [pair.first, pair.second, ...(pair.bias === undefined ? [] : [pair.bias])].map(
        (name) => matrixIn(matrices, name).norm("frobenius") ** 2,
      ),
    );
  const [from, to] = [defect(pair, before), defect(pair, after)];
  const drift = to.map((value, index) => value - at(from, index));
  const exact = defect(pair, gradients).map((value) => rate ** 2 * value);
  const residual = drift.map((value, index) => value - at(exact, index));
  return [
    [`balance/defect${where}`, exactly(length(from), double)],
    [`balance/drift${where}`, exactly(length(drift), double)],
    // Of rounding alone: weights to 6e-8.
    [`balance/residual${where}`, exactly(length(residual) / squares(before), 1e-7, 1)],
    [`balance/gradient${where}`, exactly(squares(gradients), single)],
  ];
}
