import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { bulkEdges } from "../../../src/probe/tfjs/observables/randomMatrix.ts";
import { bulkUpperEdge } from "../../../src/theory/universality/randomMatrixSpectrum.ts";
import { gaussians } from "../tinyNetwork.ts";
import { byTheory, type QuotedNumber } from "./quotedNumber.ts";
import { ofSeeds, quantileOf } from "./statistics.ts";

const [n, p] = [2000, 500];

/** Eigenvalues of WᵀW/n of independent normal entries, ascending. */
function spectrum(rows: number, columns: number, seed: number): number[] {
  const next = gaussians(seed);
  const w = Array.from({ length: columns }, () => Float64Array.from({ length: rows }, next));
  const gram = Matrix.zeros(columns, columns);
  for (const [i, one] of w.entries()) {
    for (const [j, other] of w.slice(0, i + 1).entries()) {
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += (one[row] ?? NaN) * (other[row] ?? NaN);
      gram.set(i, j, sum / rows);
      gram.set(j, i, sum / rows);
    }
  }
  const { realEigenvalues } = new EigenvalueDecomposition(gram, { assumeSymmetric: true });
  return realEigenvalues.toSorted((one, other) => one - other);
}

/** Eigenvalues that a tail has at least. */
const leastTail = 50;
const [drawn, side] = [3, 500];

/**
 * Exponent of a power law fitted to the tail of a spectrum, by maximum likelihood, α = 1 + m/Σ ln(x/x_min), from that x_min on from which the distance
 * of Kolmogorov and Smirnov is smallest (Clauset, Shalizi and Newman 2009, eq. 3.1 and sec. 3.3).
 */
function tailExponent(ascending: readonly number[]): number {
  const logarithms = ascending.map(Math.log);
  let best = { distance: Infinity, exponent: NaN };
  for (let first = 0; first <= ascending.length - leastTail; first++) {
    const above = logarithms.slice(first).map((each) => each - (logarithms[first] ?? NaN));
    const count = above.length;
    const exponent = 1 + count / above.reduce((sum, each) => sum + each, 0);
    const distances = above.map((each, rank) => {
      const expected = 1 - Math.exp(-(exponent - 1) * each);
      return Math.max(Math.abs(expected - rank / count), Math.abs(expected - (rank + 1) / count));
    });
    const distance = Math.max(...distances);
    if (distance < best.distance) best = { distance, exponent };
  }
  return best.exponent;
}

/** Of the spectrum of fresh weights (Marchenko and Pastur 1967), and the exponent that a power law has that is fitted to it nevertheless. */
export function quotedOfRandomMatrix(): QuotedNumber[] {
  const [lower, upper] = [
    `lower edge of the spectrum of WᵀW/n, ${n}×${p}`,
    `upper edge of the spectrum of WᵀW/n, ${n}×${p}`,
  ];
  const eigenvalues = spectrum(n, p, 1);
  return [
    ...byTheory(1e-12, [[upper, 2.25, bulkUpperEdge(n, p, 1)]]),
    { what: lower, by: "the probe's own", quoted: 0.25, within: 1e-12, found: bulkEdges(p / n).lower },
    // The outermost eigenvalues scatter by 0.004 and 0.017 from matrix to matrix (Johnstone 2001): two of the difference to the one quoted.
    { what: lower, by: "one matrix", quoted: 0.2527, within: 0.011, found: eigenvalues.at(0) ?? NaN },
    { what: upper, by: "one matrix", quoted: 2.227, within: 0.05, found: eigenvalues.at(-1) ?? NaN },
    {
      what: `exponent of a power law fitted to the tail of the spectrum, ${2 * side}×${side}`,
      by: `${drawn} matrices, median`,
      // The middle of 5.9 to 6.6, which is quoted of matrices that are not told. Each has its own, which scatter by 1.
      ...{ quoted: 6.25, within: 1 },
      found: quantileOf(
        ofSeeds(drawn, (seed) => tailExponent(spectrum(2 * side, side, seed))),
        0.5,
      ),
    },
  ];
}
