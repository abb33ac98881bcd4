import { largestEigenvalue } from "../trace/lanczos.ts";
import { type LayerMatrix, layerMatrices } from "./layerMatrices.ts";
import { notFinite } from "./layerUpdates.ts";
import { type Observable, Unmeasurable } from "./observable.ts";
import { largestOfRandom, tracyWidom } from "./randomMatrix.ts";
import { Turns } from "./turns.ts";
import { squaredNorm } from "./vectors.ts";

/** Relative accuracy of a squared norm. */
const tolerance = 1e-6;
/** At the edge of a random matrix' bulk eigenvalues cluster, so that more products are needed than for most Hessians. */
const mostProducts = 300;

/**
 * `weight/spectralNorm@layer`: ‖W‖₂, the largest singular value, and `weight/stableRank@layer`: ‖W‖²/‖W‖₂² (Frobenius above).
 * The stable rank's null is that of independent normal entries, nm over the mean of ‖W‖₂² (Johnstone 2001), which holds to
 * 6 % where the smaller side is 5, and to 1 % from 16 on.
 */
export function spectralNorms(): Observable {
  const turns = new Turns();
  const starts = new Map<string, readonly Float64Array[]>();
  return {
    name: "weight/spectralNorm",
    price: 0.1,
    record: "measure",
    needsTrace: false,
    needsWeights: true,
    applies: () => true,
    measure(step) {
      const values: Record<string, number> = {};
      const omitted: Unmeasurable[] = [];
      for (const matrix of turns.over(layerMatrices(step))) {
        const { layer, variable, rows, columns } = matrix;
        const weights = step.weightsBefore(variable);
        if (weights?.length !== rows * columns) continue;
        const squares = squaredNorm(weights);
        if (!Number.isFinite(squares)) omitted.push(notFinite(layer));
        if (!Number.isFinite(squares) || squares === 0) continue;
        const { value, nextStarts, converged } = largestSquare(weights, matrix, starts.get(variable));
        if (!converged) {
          omitted.push(
            new Unmeasurable(
              "spectral-norm",
              `The spectral norm of ${layer} was left out: ${mostProducts} products were not enough.`,
            ),
          );
          continue;
        }
        starts.set(variable, nextStarts);
        values[`weight/spectralNorm@${layer}`] = Math.sqrt(value);
        values[`weight/stableRank@${layer}`] = squares / value;
        const expected = stableRankOfRandom(rows, columns);
        if (expected !== undefined) values[`weight/stableRank@${layer}/null`] = expected;
      }
      return { values, omitted, method: "Lanczos on WᵀW" };
    },
  };
}

function stableRankOfRandom(rows: number, columns: number): number | undefined {
  const [n, p] = [Math.max(rows, columns), Math.min(rows, columns)];
  if (p < 5) return p === 1 ? 1 : undefined;
  const { centre, scale } = largestOfRandom(n, p);
  return (n * p) / (centre + tracyWidom.mean * scale);
}

/** The largest eigenvalue of WᵀW or W·Wᵀ, whichever is the smaller matrix. */
function largestSquare(
  weights: Float32Array,
  { rows, columns }: LayerMatrix,
  starts: readonly Float64Array[] | undefined,
) {
  const isTall = rows >= columns;
  return largestEigenvalue({
    dimension: Math.min(rows, columns),
    product: (vector) =>
      isTall
        ? fromLeft(weights, columns, fromRight(weights, rows, columns, vector))
        : fromRight(weights, rows, columns, fromLeft(weights, columns, vector)),
    tolerance,
    seed: 1,
    starts,
    mostProducts,
  });
}

/** W·x */
function fromRight(weights: Float32Array, rows: number, columns: number, x: Float64Array): Float64Array {
  const result = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let column = 0; column < columns; column++) sum += (weights[row * columns + column] ?? 0) * (x[column] ?? 0);
    result[row] = sum;
  }
  return result;
}

/** Wᵀ·x */
function fromLeft(weights: Float32Array, columns: number, x: Float64Array): Float64Array {
  const result = new Float64Array(columns);
  for (let row = 0; row < x.length; row++) {
    const factor = x[row] ?? 0;
    for (let column = 0; column < columns; column++) {
      result[column] = (result[column] ?? 0) + factor * (weights[row * columns + column] ?? 0);
    }
  }
  return result;
}
