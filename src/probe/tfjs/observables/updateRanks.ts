import type { InitialWeights } from "./initialWeights.ts";
import { layerMatrices } from "./layerMatrices.ts";
import { type Observable, Unmeasurable } from "./observable.ts";
import { StableRanks } from "./stableRanks.ts";
import { Turns } from "./turns.ts";

/**
 * `update/stableRank@layer`: ‖ΔW‖²/‖ΔW‖₂² of a layer's change ΔW = W − W₀ since initialization, at the weights before the step, with
 * that of a random matrix as its null: see `StableRank`. Where features are learned, it stays well below the null (Boix-Adsera
 * et al. 2023).
 */
export function updateRanks(initial: InitialWeights): Observable {
  const turns = new Turns();
  const ranks = new StableRanks();
  return {
    name: "update/stableRank",
    price: 0.1,
    record: "measure",
    needsTrace: true,
    needsWeights: true,
    applies: () => true,
    measure(step) {
      const { trace } = step;
      if (trace === undefined) return undefined;
      const flat = initial.of(step, trace);
      const starts = new Map<string, number>();
      let offset = 0;
      for (const { name, size } of trace.variables) {
        starts.set(name, offset);
        offset += size;
      }
      const values: Record<string, number> = {};
      const omitted: Unmeasurable[] = [];
      for (const matrix of turns.over(layerMatrices(step))) {
        const { layer, variable, rows, columns } = matrix;
        const [start, now] = [starts.get(variable), step.weightsBefore(variable)];
        if (start === undefined || now?.length !== rows * columns) continue;
        const change = now.map((weight, index) => weight - (flat[start + index] ?? Number.NaN));
        const measured = ranks.of(matrix, change, `the change of ${layer} since initialization`);
        if (measured instanceof Unmeasurable) omitted.push(measured);
        if (measured === undefined || measured instanceof Unmeasurable) continue;
        values[`update/stableRank@${layer}`] = measured.stableRank;
        if (measured.ofRandom !== undefined) values[`update/stableRank@${layer}/null`] = measured.ofRandom;
      }
      return { values, omitted, method: "Lanczos on ΔWᵀΔW" };
    },
  };
}
