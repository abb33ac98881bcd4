/** Everything that theory says of a script from its text alone, before anything runs. */
import type { ModelSketch } from "../../source/sketch/modelSketch.ts";
import { parameterCount } from "../../source/sketch/parameterCount.ts";
import type { SourceSketch } from "../../source/sketch/sourceSketch.ts";
import type { LossSketch, OptimizerSketch, TrainingSketch } from "../../source/sketch/trainingSketch.ts";
import { activationMemory } from "./activationMemory.ts";
import { decayTimescale } from "./decayTimescale.ts";
import { firstLoss } from "./firstLoss.ts";
import { forwardOperations } from "./layerOperations.ts";
import { exactly, notPredicted, type Prediction } from "./prediction.ts";
import { predictSignal, type SignalPredictions } from "./signalPredictions.ts";
import { stabilityCeiling } from "./stabilityCeiling.ts";

export interface ModelPredictions {
  readonly model: ModelSketch;
  readonly parameters: Prediction;
  /** Bytes that the outputs of all layers take, an example. */
  readonly memory: Prediction;
  /** Floating-point operations of a forward pass, an example. */
  readonly operations: Prediction;
  readonly signal: SignalPredictions;
  /** Absent where the text does not say which loss it is trained on. */
  readonly firstLoss: Prediction | undefined;
}

export interface OptimizerPredictions {
  readonly optimizer: OptimizerSketch;
  readonly ceiling: Prediction;
  /** In steps; absent for an optimizer without decoupled weight decay. */
  readonly decayTimescale: Prediction | undefined;
}

export interface BeforeRun {
  readonly models: readonly ModelPredictions[];
  readonly optimizers: readonly OptimizerPredictions[];
}

export function beforeRun(sketch: SourceSketch): BeforeRun {
  return {
    models: sketch.models.map((model, index) => predictModel(model, lossOf(sketch, index))),
    optimizers: sketch.optimizers.map((optimizer) => ({
      optimizer,
      ceiling: stabilityCeiling(optimizer),
      decayTimescale: decayTimescale(optimizer),
    })),
  };
}

/** The optimizer that a call trains with: the one that the text names, or the only one there is. */
export function optimizerOf(sketch: SourceSketch, { optimizer }: TrainingSketch): number | undefined {
  if (optimizer !== undefined) return optimizer;
  return sketch.optimizers.length === 1 ? 0 : undefined;
}

/** The one call that an optimizer steps in; undefined where there are several, or none. */
export function trainingOf(sketch: SourceSketch, optimizer: number): TrainingSketch | undefined {
  const [first, ...others] = sketch.trainings.filter((training) => optimizerOf(sketch, training) === optimizer);
  return others.length === 0 ? first : undefined;
}

function predictModel(model: ModelSketch, loss: LossSketch | undefined): ModelPredictions {
  const signal = predictSignal(model);
  const parameters = parameterCount(model);
  return {
    model,
    parameters: parameters.known
      ? exactly(parameters.value, "the sum over its layers")
      : notPredicted(parameters.reason),
    memory: activationMemory(model),
    operations: forwardOperations(model),
    signal,
    firstLoss: loss && firstLoss(model, loss, signal.logitVariance),
  };
}

function lossOf({ models, losses, trainings }: SourceSketch, model: number): LossSketch | undefined {
  const named = new Set(trainings.flatMap((each) => (each.model === model ? (each.loss ?? []) : [])));
  const [only, ...others] = named;
  if (only !== undefined) return others.length === 0 ? losses[only] : undefined;
  return models.length === 1 && losses.length === 1 ? losses[0] : undefined;
}
