import { tracedLayers } from "../layerActivations.ts";
import { activationNotFinite } from "./activationMoments.ts";
import { activationRows, someRows } from "./activationRows.ts";
import type { Observable, Unmeasurable } from "./observable.ts";
import { gaussianValues } from "./randomMatrix.ts";
import { gramEigenvalues, type Rows, smallerGram } from "./symmetric.ts";
import { Turns } from "./turns.ts";

/** Examples and positions that a rank is measured on. */
const mostRows = 256;

/**
 * Of each layer's activation as a matrix, a row for each example and position (256 of them, chosen at random, if there are more)
 * and a column for each unit:
 *
 * - `activation/effectiveRank@layer`: exp(−Σ pᵢ·ln pᵢ), with pᵢ = σᵢ/Σσ of its singular values (Roy and Vetterli 2007). Null: the mean
 *   over matrices of this shape with independent normal entries.
 * - `activation/participationRatio@layer`: (Σλ)²/Σλ² of the eigenvalues of the units' covariance (Gao et al. 2017). Null: ratio of
 *   expectations for r independent normal rows of d units, ((r − 1)·d + 2)/(r + d).
 */
export function activationRanks(): Observable {
  const turns = new Turns();
  const nulls = new Map<string, number>();
  return {
    name: "activation/rank",
    price: 1.5,
    record: "measure",
    needsTrace: true,
    needsWeights: false,
    applies: () => true,
    measure(step) {
      if (step.trace === undefined) return undefined;
      const values: Record<string, number> = {};
      const omitted: Unmeasurable[] = [];
      for (const activation of turns.over(tracedLayers(step.trace).activations)) {
        const all = activationRows(step, activation);
        if (all === undefined || all.rows < 2 || all.columns < 2) continue;
        const some = someRows(all, mostRows);
        const gram = smallerGram(some);
        if (!Number.isFinite(gram.trace())) {
          omitted.push(activationNotFinite(activation.layer));
          continue;
        }
        const { rows, columns } = some;
        const at = `@${activation.layer}`;
        const rank = effectiveRank(gramEigenvalues(gram));
        if (rank !== undefined) {
          const shape = `${rows}×${columns}`;
          const expected = nulls.get(shape) ?? effectiveRankOfRandom(rows, columns);
          nulls.set(shape, expected);
          values[`activation/effectiveRank${at}`] = rank;
          values[`activation/effectiveRank${at}/null`] = expected;
        }
        const ratio = participationRatio(some);
        if (ratio !== undefined) {
          values[`activation/participationRatio${at}`] = ratio;
          values[`activation/participationRatio${at}/null`] = ((rows - 1) * columns + 2) / (rows + columns);
        }
      }
      return { values, omitted, method: `of the recorded activations, ${mostRows} rows at most` };
    },
  };
}

/** From squared singular values; undefined for a matrix of zeros. */
function effectiveRank(squares: readonly number[]): number | undefined {
  const singular = squares.map(Math.sqrt);
  const sum = singular.reduce((total, each) => total + each, 0);
  if (sum === 0) return undefined;
  return Math.exp(
    singular.reduce((total, each) => (each === 0 ? total : total - (each / sum) * Math.log(each / sum)), 0),
  );
}

/** The mean over as many draws as make up a few thousand numbers: a large matrix' rank hardly varies. */
function effectiveRankOfRandom(rows: number, columns: number): number {
  const size = rows * columns;
  const draws = Math.min(64, Math.ceil(4096 / size));
  const values = gaussianValues(draws * size, 1);
  let sum = 0;
  for (let draw = 0; draw < draws; draw++) {
    const one = { values: values.subarray(draw * size, (draw + 1) * size), rows, columns };
    sum += effectiveRank(gramEigenvalues(smallerGram(one))) ?? 0;
  }
  return sum / draws;
}

/** (tr C)²/‖C‖² of the covariance C, which the Gram matrix of the centred rows shares; undefined where all rows are equal. */
function participationRatio({ values, rows, columns }: Rows): number | undefined {
  const centred = Float64Array.from(values);
  let scale = 0;
  for (let column = 0; column < columns; column++) {
    let mean = 0;
    for (let row = 0; row < rows; row++) mean += (values[row * columns + column] ?? 0) / rows;
    for (let row = 0; row < rows; row++) {
      const index = row * columns + column;
      scale += (values[index] ?? 0) ** 2;
      centred[index] = (values[index] ?? 0) - mean;
    }
  }
  const gram = smallerGram({ values: centred, rows, columns });
  // What remains of equal rows is the rounding of their mean.
  return gram.trace() <= scale * rows * Number.EPSILON ? undefined : (gram.trace() / gram.norm("frobenius")) ** 2;
}
