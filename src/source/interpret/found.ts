/** What has been found in a script, before it is put into a sketch. */
import type { SourcePosition, SourceRange } from "../places.ts";
import type { ModelSketch } from "../sketch/modelSketch.ts";
import type { Hyperparameters, OptimizerSketch, ScheduleSketch, TrainingSketch } from "../sketch/trainingSketch.ts";
import type { ObjectValue, Value } from "./value.ts";

/** A model of the script's; the sketch is made when all of the script is read, for its weights may still be changed. */
export interface FoundModel {
  readonly value: ObjectValue;
  readonly sketch: () => ModelSketch | undefined;
}

export interface FoundOptimizer {
  readonly value: Value;
  readonly range: SourceRange;
  readonly statement: SourcePosition;
  readonly sketch: Omit<OptimizerSketch, "range" | "statement" | "hyperparameters" | "model" | "schedules">;
  hyperparameters: Hyperparameters;
  readonly schedules: ScheduleSketch[];
  /** The model whose weights it moves. */
  model: ObjectValue | undefined;
}

export interface FoundTraining extends Omit<TrainingSketch, "model" | "optimizer" | "loss"> {
  readonly model: ObjectValue | undefined;
  readonly optimizer: Value | undefined;
  /** Of the loss that is trained on, where it is known which; it may be another than those of the text. */
  readonly loss: SourceRange | "another" | undefined;
  /** Whether a callback may stop it. */
  readonly stoppable?: boolean;
}
