import { layerMatrices } from "./layerMatrices.ts";
import { notFinite } from "./layerUpdates.ts";
import { type Observable, Unmeasurable } from "./observable.ts";
import { bulkEdges, bulkMedian, largestOfRandom, tracyWidom } from "./randomMatrix.ts";
import { gramEigenvalues, smallerGram } from "./symmetric.ts";
import { Turns } from "./turns.ts";

/** Of the smaller side; beyond it the decomposition takes seconds. */
const largestDecomposed = 512;
/** Of the smaller side; below it a bulk is too few eigenvalues to tell its edge. */
const fewestForBulk = 32;

/**
 * `weight/spectrum@layer`: eigenvalues of WᵀW/n, descending, n being the larger side.
 *
 * Where the smaller side p is 32 or more, against the Marchenko–Pastur law with q = p/n, whose variance s² is fitted to the median
 * eigenvalue, which a few spikes do not move (Gavish and Donoho 2014, §III.E):
 *
 * - `weight/bulkLower@layer`, `weight/bulkUpper@layer`: s²·(1 ∓ √q)².
 * - `weight/spikes@layer`: eigenvalues above what the largest of independent entries exceeds once in a thousand (Johnstone 2001;
 *   measured with the variance fitted: in 15 of a thousand square matrices of p = 32, 7 of p = 64, 3 or fewer of others); null 0.
 */
export function weightSpectra(): Observable {
  const turns = new Turns();
  return {
    name: "weight/spectrum",
    price: 0.3,
    record: "measure",
    needsTrace: false,
    needsWeights: true,
    applies: () => true,
    measure(step) {
      const values: Record<string, number> = {};
      const vectors: Record<string, readonly number[]> = {};
      const omitted: Unmeasurable[] = [];
      for (const { layer, variable, rows, columns } of turns.over(layerMatrices(step))) {
        const weights = step.weightsBefore(variable);
        const [n, p] = [Math.max(rows, columns), Math.min(rows, columns)];
        if (weights?.length !== n * p || p < 2) continue;
        if (!weights.every(Number.isFinite)) {
          omitted.push(notFinite(layer));
          continue;
        }
        if (p > largestDecomposed) {
          omitted.push(tooLarge(layer, rows, columns));
          continue;
        }
        const spectrum = gramEigenvalues(smallerGram({ values: weights, rows, columns })).map((each) => each / n);
        vectors[`weight/spectrum@${layer}`] = spectrum;
        if (p < fewestForBulk) continue;
        const bulk = fitBulk(spectrum, n);
        values[`weight/bulkLower@${layer}`] = bulk.lower;
        values[`weight/bulkUpper@${layer}`] = bulk.upper;
        values[`weight/spikes@${layer}`] = bulk.spikes;
        values[`weight/spikes@${layer}/null`] = 0;
      }
      return { values, vectors, omitted, method: "eigenvalues of WᵀW/n, variance from the median" };
    },
  };
}

function tooLarge(layer: string, rows: number, columns: number): Unmeasurable {
  return new Unmeasurable(
    "spectrum-too-large",
    `The weight spectrum of ${layer} (${rows}×${columns}) is not measured: its smaller side is over ${largestDecomposed}.`,
  );
}

/** @param spectrum eigenvalues of WᵀW/n, descending */
function fitBulk(spectrum: readonly number[], n: number): { lower: number; upper: number; spikes: number } {
  const p = spectrum.length;
  const median = ((spectrum[Math.floor((p - 1) / 2)] ?? 0) + (spectrum[Math.ceil((p - 1) / 2)] ?? 0)) / 2;
  const variance = median / bulkMedian(p / n);
  const { lower, upper } = bulkEdges(p / n);
  const { centre, scale } = largestOfRandom(n, p);
  const highest = (variance * (centre + tracyWidom.highest * scale)) / n;
  return { lower: variance * lower, upper: variance * upper, spikes: spectrum.filter((each) => each > highest).length };
}
