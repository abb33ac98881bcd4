/** What flows through a network at its initialization, forwards and backwards. */
import type { UnitLaw } from "./signalUnits.ts";

/** Something of which theory does not speak. */
export interface Obstacle {
  readonly kind: "obstacle";
  /** As the second half of a sentence. */
  readonly reason: string;
}

/** What flows between two stages. */
export interface Flowing {
  readonly kind: "flowing";
  /** m, over units and examples. */
  readonly meanSquare: number;
  /** μ */
  readonly mean: number;
  /** How units are distributed: `rectified` is a Gaussian behind a rectifier; of `other` it is not known. */
  readonly shape: "gaussian" | "rectified" | "other" | UnitLaw;
  /** Variances over networks of finite width: of ln m, and of the logarithm of what m is the mean of, before it is drawn. */
  readonly stray: number;
  readonly latentStray: number;
  readonly width: number;
}

/** What a stretch of layers multiplies the squared norm of a gradient by, on its way back. */
export interface Backward {
  readonly kind: "backward";
  readonly low: number;
  readonly high: number;
  /** Variance of its logarithm over networks of finite width. */
  readonly stray: number;
}

/** Where a stage leaves open what becomes of a signal, whether it is the least or the most that is possible. */
export type Extreme = "least" | "most";
