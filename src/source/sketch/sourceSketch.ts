/** What a script's text says of what it trains and how. Plain data: it can be sent to another thread. */
import type { ModelSketch } from "./modelSketch.ts";
import type { LossSketch, OptimizerSketch, TrainingSketch } from "./trainingSketch.ts";

export type Framework = "tensorflowjs" | "pytorch";

/** Each list is in the order of the text. */
export interface SourceSketch {
  readonly framework: Framework;
  /** Those that are no part of another one. One that is built several times in different ways is here for each of them. */
  readonly models: readonly ModelSketch[];
  readonly losses: readonly LossSketch[];
  readonly optimizers: readonly OptimizerSketch[];
  readonly trainings: readonly TrainingSketch[];
}
