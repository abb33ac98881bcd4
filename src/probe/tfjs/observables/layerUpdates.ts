import { layerMatrices } from "./layerMatrices.ts";
import { type Measurement, type Observable, Unmeasurable } from "./observable.ts";

/**
 * Of each layer's weights W, by a step from W to W′:
 *
 * - `weight/norm@layer`: ‖W‖, the Frobenius norm, before the step.
 * - `update/relative@layer`: ‖W′ − W‖ / ‖W‖.
 * - `update/angle@layer`: angle between W and W′ as vectors, in radians (Kosson et al. 2023, eq. 5).
 */
export const layerUpdates: Observable = {
  name: "update/layers",
  price: "cheap",
  record: "measure",
  needsTrace: false,
  needsWeights: true,
  applies: () => true,
  measure(step) {
    const values: Record<string, number> = {};
    const omitted: Unmeasurable[] = [];
    for (const { layer, variable } of layerMatrices(step)) {
      const before = step.weightsBefore(variable);
      const after = step.weightsAfter(variable);
      if (before === undefined || after?.length !== before.length) continue;
      const measured = updateOf(before, after);
      if (measured === undefined) omitted.push(notFinite(layer));
      else for (const [name, value] of Object.entries(measured)) values[`${name}@${layer}`] = value;
    }
    return { values, omitted, method: "from weights before and after" } satisfies Measurement;
  },
};

export function notFinite(layer: string): Unmeasurable {
  return new Unmeasurable("weights-not-finite", `Weights of ${layer} have ceased to be finite; they are not measured.`);
}

function updateOf(before: Float32Array, after: Float32Array): Readonly<Record<string, number>> | undefined {
  let [squares, squaresAfter, change] = [0, 0, 0];
  for (let index = 0; index < before.length; index++) {
    const [from, to] = [before[index] ?? 0, after[index] ?? 0];
    squares += from * from;
    squaresAfter += to * to;
    change += (to - from) * (to - from);
  }
  const [norm, normAfter] = [Math.sqrt(squares), Math.sqrt(squaresAfter)];
  if (!Number.isFinite(norm) || !Number.isFinite(normAfter)) return undefined;
  if (norm === 0) return { "weight/norm": 0 };
  const relative = Math.sqrt(change) / norm;
  if (normAfter === 0) return { "weight/norm": norm, "update/relative": relative };
  return { "weight/norm": norm, "update/relative": relative, "update/angle": angle(before, norm, after, normAfter) };
}

/** 2·atan2(‖u − v‖, ‖u + v‖) of the unit vectors: an arc cosine would lose angles below 1e-8 (Kahan 2006, §13). */
function angle(a: Float32Array, normA: number, b: Float32Array, normB: number): number {
  let [difference, sum] = [0, 0];
  for (let index = 0; index < a.length; index++) {
    const [u, v] = [(a[index] ?? 0) / normA, (b[index] ?? 0) / normB];
    difference += (u - v) * (u - v);
    sum += (u + v) * (u + v);
  }
  return 2 * Math.atan2(Math.sqrt(difference), Math.sqrt(sum));
}
