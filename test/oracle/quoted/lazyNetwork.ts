import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { gaussianMatrix } from "../../unit/streams/freshLayers.ts";

interface LazyNetwork {
  readonly width: number;
  /** α: what outputs are multiplied by. */
  readonly outputScale?: number;
  /** Standard deviation of the targets. */
  readonly targetSize: number;
  readonly seed: number;
}

interface LazyRun {
  /** From before the first step to after the last. */
  readonly losses: readonly number[];
  readonly learningRate: number;
  /** Of K₀/m. */
  readonly eigenvalues: readonly number[];
  /** Of the first loss, along the eigenvectors. */
  readonly parts: readonly number[];
  /** ‖K − K₀‖/‖K₀‖ after the last step. */
  readonly drift: number;
}

const [examples, inputs, steps] = [16, 3, 100];

/** η times the largest eigenvalue of K₀/m. */
const product = 0.5;

/**
 * f(x) = α·Σ aᵢ·(tanh(wᵢ·x) − what that was at first)/√n of normal aᵢ and wᵢ, which learns a linear function by descent on ½ of the mean squared error in float64, with
 * its tangent kernel K by its derivatives as they stand in any text (Chizat, Oyallon and Bach 2019, whose outputs begin at zero whatever α).
 */
export function lazyNetwork({ width, outputScale = 1, targetSize, seed }: LazyNetwork): LazyRun {
  const points = gaussianMatrix(examples, inputs, 1, 77);
  const targets = Matrix.mul(points.getColumnVector(0), targetSize);
  const overlaps = points.mmul(points.transpose());
  const weights = gaussianMatrix(inputs, width, 1, seed);
  const outs = gaussianMatrix(width, 1, 1, seed + 1000);
  const factor = outputScale / Math.sqrt(width);
  const hiddenUnits = () => each(points.mmul(weights), Math.tanh);
  const outputsOf = (hidden: Matrix) => hidden.mmul(outs).mul(factor);
  const slopesOf = (hidden: Matrix) => each(hidden, (value) => 1 - value ** 2).mulRowVector(outs.getColumn(0));
  const kernelOf = (hidden: Matrix) => {
    const slopes = slopesOf(hidden);
    const ofFirst = Matrix.mul(slopes.mmul(slopes.transpose()), overlaps);
    return Matrix.add(hidden.mmul(hidden.transpose()), ofFirst).mul(factor ** 2);
  };
  const initialKernel = kernelOf(hiddenUnits());
  const initialOutputs = outputsOf(hiddenUnits());
  const found = new EigenvalueDecomposition(initialKernel, { assumeSymmetric: true });
  const eigenvalues = found.realEigenvalues.map((value) => value / examples);
  const learningRate = product / Math.max(...eigenvalues);
  const residualOf = (hidden: Matrix) => outputsOf(hidden).sub(initialOutputs).sub(targets);
  const along = found.eigenvectorMatrix.transpose().mmul(residualOf(hiddenUnits())).to1DArray();
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const hidden = hiddenUnits();
    const residual = residualOf(hidden);
    losses.push(residual.norm() ** 2 / (2 * examples));
    const gain = (learningRate * factor) / examples;
    const back = slopesOf(hidden).mulColumnVector(residual.getColumn(0));
    weights.sub(points.transpose().mmul(back).mul(gain));
    outs.sub(hidden.transpose().mmul(residual).mul(gain));
  }
  const last = hiddenUnits();
  losses.push(residualOf(last).norm() ** 2 / (2 * examples));
  return {
    ...{ losses, learningRate, eigenvalues },
    parts: along.map((value) => value ** 2 / (2 * examples)),
    drift: Matrix.sub(kernelOf(last), initialKernel).norm() / initialKernel.norm(),
  };
}

function each(matrix: Matrix, of: (value: number) => number): Matrix {
  return new Matrix(matrix.to2DArray().map((row) => row.map(of)));
}
