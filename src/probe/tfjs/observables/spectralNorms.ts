import { layerMatrices } from "./layerMatrices.ts";
import { type Observable, Unmeasurable } from "./observable.ts";
import { StableRanks } from "./stableRanks.ts";
import { Turns } from "./turns.ts";

/** `weight/spectralNorm@layer` and `weight/stableRank@layer`, with its null: see `StableRank`, of each layer's weights. */
export function spectralNorms(): Observable {
  const turns = new Turns();
  const ranks = new StableRanks();
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
        const measured = ranks.of(matrix, weights, layer);
        if (measured instanceof Unmeasurable) omitted.push(measured);
        if (measured === undefined || measured instanceof Unmeasurable) continue;
        values[`weight/spectralNorm@${layer}`] = measured.spectralNorm;
        values[`weight/stableRank@${layer}`] = measured.stableRank;
        if (measured.ofRandom !== undefined) values[`weight/stableRank@${layer}/null`] = measured.ofRandom;
      }
      return { values, omitted, method: "Lanczos on WᵀW" };
    },
  };
}
