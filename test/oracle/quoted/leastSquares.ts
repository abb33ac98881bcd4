import { CholeskyDecomposition, EigenvalueDecomposition, Matrix } from "ml-matrix";
import { unseenFactors } from "../../../src/theory/solvable/unseenLoss.ts";
import { gaussianMatrix } from "../../unit/streams/freshLayers.ts";
import type { QuotedNumber } from "./quotedNumber.ts";
import { meanOf, ofSeeds } from "./statistics.ts";

/** n, and σ²; the slopes have norm r = 1. */
const [examples, noise] = [100, 0.25];

/** Error of least squares, of least norm where there are more inputs than examples, less the noise. */
function excess(inputs: number, seed: number): number {
  const x = gaussianMatrix(examples, inputs, 1, seed);
  const drawn = gaussianMatrix(inputs, 1, 1, seed + 10_000);
  const slopes = Matrix.div(drawn, drawn.norm());
  const targets = Matrix.add(x.mmul(slopes), gaussianMatrix(examples, 1, Math.sqrt(noise), seed + 20_000));
  const transposed = x.transpose();
  const fitted =
    inputs < examples
      ? new CholeskyDecomposition(transposed.mmul(x)).solve(transposed.mmul(targets))
      : transposed.mmul(new CholeskyDecomposition(x.mmul(transposed)).solve(targets));
  return Matrix.sub(fitted, slopes).norm() ** 2;
}

/** The same by theory, at the end of descent: from the kernel on the examples, with the mean over slopes and noise of what targets have along its eigenvectors. */
function told(inputs: number, seed: number): number {
  const x = gaussianMatrix(examples, inputs, 1, seed);
  const { realEigenvalues } = new EigenvalueDecomposition(x.mmul(x.transpose()), { assumeSymmetric: true });
  // Of fewer inputs than examples the rest are zero but for rounding.
  const kernel = realEigenvalues.map((each) => Math.max(0, each));
  const factors = unseenFactors(kernel.map((each) => 1e6 * each));
  return meanOf(kernel.map((each, index) => (each / inputs + noise) * (factors[index] ?? NaN) ** 2)) - noise;
}

/**
 * Of regression without a ridge on n examples of p isotropic inputs, whose error peaks at n = p (Hastie et al. 2022: σ²p/(n − p − 1) for p < n, and
 * r²(1 − n/p) + σ²n/(p − n − 1) for p > n).
 */
export function quotedOfLeastSquares(): QuotedNumber[] {
  return [
    // Of theory three standard errors of 20 kernels or, where that is more, what is of order 2/n; of the experiment three of the difference to as many draws quoted.
    { inputs: 30, theory: 0.1087, off: 0.0022, experiment: 0.1096, draws: 200, scatter: 0.011 },
    { inputs: 150, theory: 0.8435, off: 0.024, experiment: 0.8485, draws: 200, scatter: 0.043 },
    { inputs: 400, theory: 0.8336, off: 0.017, experiment: 0.833, draws: 60, scatter: 0.017 },
  ].flatMap(({ inputs, theory, off, experiment, draws, scatter }) => {
    const what = `excess error of least squares, n = 100, p = ${inputs}, σ² = 0.25, r² = 1`;
    return [
      {
        ...{ what, by: "theory, by 20 kernels on the examples", quoted: theory, within: off },
        found: meanOf(ofSeeds(20, (seed) => told(inputs, seed))),
      },
      {
        ...{ what, by: `${draws} draws`, quoted: experiment, within: scatter },
        found: meanOf(ofSeeds(draws, (seed) => excess(inputs, seed))),
      },
    ];
  });
}
