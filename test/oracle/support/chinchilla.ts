import type { ScalingRun } from "../../../src/theory/empirical/scalingFit.ts";
import { realTable } from "./realData.ts";

/** Hoffmann et al. 2022, figure 4, without the five points of highest loss, by rising compute. */
export function chinchilla(): readonly ScalingRun[] {
  return realTable("chinchilla/loss-params-flops.csv")
    .map((row) => ({
      parameters: row["Model Size"] ?? NaN,
      examples: (row["Training FLOP"] ?? NaN) / 6 / (row["Model Size"] ?? NaN),
      loss: row["loss"] ?? NaN,
    }))
    .toSorted((one, other) => one.loss - other.loss)
    .slice(0, -5)
    .toSorted((one, other) => one.parameters * one.examples - other.parameters * other.examples);
}
