import { tracedLayers } from "../layerActivations.ts";
import { activationRows } from "./activationRows.ts";
import { dormancy, dormantByChance } from "./dormantByChance.ts";
import { type Observable, Unmeasurable } from "./observable.ts";
import { streamSizes } from "./streamSizes.ts";
import type { Rows } from "./symmetric.ts";

/**
 * Of each layer's activation on the step's batch, after its activation function and at the weights before the step:
 *
 * - `activation/rms@layer`, `activation/mean@layer`: over examples, positions and units.
 * - `activation/deadFraction@layer`: share of the units that are zero on the whole batch, for rectifiers. Null: 2⁻ⁿ, that of signs which
 *   are even chances, independent over n examples and positions.
 * - `activation/dormantFraction@layer`: share of the units whose mean absolute activation is at most 0.025 of the mean of these over the
 *   layer (Sokar et al. 2023, definition 3.1); all of them, where the whole layer is zero. Null: see `dormantByChance`.
 * - `stream/rms`: a vector of the root mean squares of the residual stream, before its first block and after each (`residualStream`).
 */
export const activationMoments: Observable = {
  name: "activation/rms",
  price: 0.05,
  record: "measure",
  needsTrace: true,
  needsWeights: false,
  applies: () => true,
  measure(step) {
    if (step.trace === undefined) return undefined;
    const values: Record<string, number> = {};
    const layers = tracedLayers(step.trace);
    const { activations, unclear } = layers;
    const omitted = unclear.map(
      (layer) =>
        new Unmeasurable(
          "activation-unclear",
          `Activations of ${layer} are not measured: it is used several times, or its activation function has several results.`,
        ),
    );
    for (const activation of activations) {
      const rows = activationRows(step, activation);
      if (rows === undefined) continue;
      const { rms, mean, deadFraction, dormantFraction } = moments(rows);
      if (!Number.isFinite(rms)) {
        omitted.push(activationNotFinite(activation.layer));
        continue;
      }
      values[`activation/rms@${activation.layer}`] = rms;
      values[`activation/mean@${activation.layer}`] = mean;
      values[`activation/dormantFraction@${activation.layer}`] = dormantFraction;
      values[`activation/dormantFraction@${activation.layer}/null`] = dormantByChance(
        rows.rows,
        activation.isRectified,
      );
      if (!activation.isRectified) continue;
      values[`activation/deadFraction@${activation.layer}`] = deadFraction;
      values[`activation/deadFraction@${activation.layer}/null`] = 0.5 ** rows.rows;
    }
    const stream = streamSizes(step, layers);
    return {
      values,
      omitted,
      ...(stream.length > 0 && { vectors: { "stream/rms": stream } }),
      method: "of the recorded activations",
    };
  },
};

export function activationNotFinite(layer: string): Unmeasurable {
  return new Unmeasurable("activations-not-finite", `Activations of ${layer} are not finite; they are not measured.`);
}

interface Moments {
  readonly rms: number;
  readonly mean: number;
  readonly deadFraction: number;
  readonly dormantFraction: number;
}

function moments({ values, rows, columns }: Rows): Moments {
  const isAlive = new Uint8Array(columns);
  const sizes = new Float64Array(columns);
  let [sum, squares] = [0, 0];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const value = values[row * columns + column] ?? 0;
      sum += value;
      squares += value * value;
      sizes[column] = (sizes[column] ?? 0) + Math.abs(value);
      if (value !== 0) isAlive[column] = 1;
    }
  }
  const count = rows * columns;
  const alive = isAlive.reduce((total, each) => total + each, 0);
  const meanSize = sizes.reduce((total, each) => total + each, 0) / columns;
  const dormant = sizes.reduce((total, each) => total + (each <= dormancy * meanSize ? 1 : 0), 0);
  return {
    rms: Math.sqrt(squares / count),
    mean: sum / count,
    deadFraction: 1 - alive / columns,
    dormantFraction: dormant / columns,
  };
}
