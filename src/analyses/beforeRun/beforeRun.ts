/** Everything that theory says of a script from its text alone, before anything runs. */
import type { ModelSketch } from "../../source/sketch/modelSketch.ts";
import { parameterCount } from "../../source/sketch/parameterCount.ts";
import type { SourceSketch } from "../../source/sketch/sourceSketch.ts";
import type { LossSketch, OptimizerSketch, TrainingSketch } from "../../source/sketch/trainingSketch.ts";
import { firstLearningRate } from "../../theory/hyperparameters/firstLearningRate.ts";
import { activationMemory } from "./activationMemory.ts";
import { decayTimescale } from "./decayTimescale.ts";
import { firstLoss } from "./firstLoss.ts";
import { firstSharpness, stableRate } from "./firstSharpness.ts";
import { largestMap } from "./largestMap.ts";
import { forwardOperations } from "./layerOperations.ts";
import { inputsOf, oncePerInputs } from "./modelInputs.ts";
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
  /** An estimate of the largest learning rate that is stable at first; absent where the text does not say what is trained on which loss. */
  readonly stableRate: Prediction | undefined;
  /** Largest singular value of a map that it can rest at; absent for all but linear stacks. */
  readonly largestMap: Prediction | undefined;
}

export interface BeforeRun {
  readonly models: readonly ModelPredictions[];
  readonly optimizers: readonly OptimizerPredictions[];
}

export function beforeRun(sketch: SourceSketch): BeforeRun {
  return {
    models: sketch.models.map((model, index) => predictModel(sketch, model, index)),
    optimizers: sketch.optimizers.map((optimizer, index) => predictOptimizer(sketch, optimizer, index)),
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

function predictModel(sketch: SourceSketch, model: ModelSketch, index: number): ModelPredictions {
  const trainings = trainingsOf(sketch, index);
  const loss = lossOf(sketch, index);
  const inputs = inputsOf(trainings);
  const signal = (isCalledAsInTraining(sketch, model, trainings) ? signalInTraining : signalInEither)(model, inputs);
  const parameters = parameterCount(model);
  return {
    model,
    parameters: parameters.known
      ? exactly(parameters.value, "the sum over its layers")
      : notPredicted(parameters.reason),
    memory: activationMemory(model),
    operations: forwardOperations(model),
    signal,
    firstLoss: loss && firstLoss(model, loss, { logits: signal.logits, inputs, batch: batchOf(trainings) }),
  };
}

const signalInTraining = oncePerInputs((model, inputs) => predictSignal(model, true, inputs));
const signalInEither = oncePerInputs((model, inputs) => predictSignal(model, false, inputs));

function predictOptimizer(sketch: SourceSketch, optimizer: OptimizerSketch, index: number): OptimizerPredictions {
  const model = modelOf(sketch, index);
  const loss = model === undefined ? undefined : lossOf(sketch, sketch.models.indexOf(model));
  const training = trainingOf(sketch, index);
  return {
    optimizer,
    ceiling: stabilityCeiling(optimizer),
    decayTimescale: decayTimescale(optimizer),
    stableRate: model && loss && stableRate(optimizer, sharpnessFor(training, model, loss)),
    largestMap: model && loss && largestMap(model, loss, optimizer),
  };
}

function sharpnessFor(training: TrainingSketch | undefined, model: ModelSketch, loss: LossSketch): Prediction {
  return training?.someWeights === true
    ? notPredicted("it steps on some of the weights alone", firstLearningRate)
    : firstSharpness(model, loss, training);
}

/** The model that an optimizer trains: the one that the text names, or the only one there is. */
export function modelOf(sketch: SourceSketch, optimizer: number): ModelSketch | undefined {
  const named = sketch.optimizers[optimizer]?.model ?? trainingOf(sketch, optimizer)?.model;
  if (named !== undefined) return sketch.models[named];
  return sketch.models.length === 1 ? sketch.models[0] : undefined;
}

/** Those that the text says train a model, and those that may train no other. */
function trainingsOf({ models, trainings }: SourceSketch, index: number): readonly TrainingSketch[] {
  return trainings.filter(({ model }) => model === index || (model === undefined && models.length === 1));
}

/** Calls of TensorFlow.js that ask a model for what it gives in training; what a script calls by itself it may ask for either. */
const asInTraining: readonly string[] = ["fit", "fitDataset", "trainOnBatch"];

/** Modules of PyTorch begin in training, and stay in it unless the text says otherwise; what is computed by hand is what it is. */
function isCalledAsInTraining(
  { framework }: SourceSketch,
  { form }: ModelSketch,
  trainings: readonly TrainingSketch[],
): boolean {
  if (framework === "pytorch") return trainings.every(({ evaluates }) => evaluates === undefined);
  if (form === "core") return true;
  return trainings.every(({ call }) => asInTraining.includes(call));
}

/** Examples of a step of the one call that trains a model, where the text says it. */
function batchOf([training, ...others]: readonly TrainingSketch[]): number | undefined {
  return others.length === 0 && training?.batchSize.known === true ? training.batchSize.value : undefined;
}

/** That of all trainings of a model; where none is seen, the only one of the text. */
function lossOf(sketch: SourceSketch, model: number): LossSketch | undefined {
  const { models, losses } = sketch;
  const trainings = trainingsOf(sketch, model);
  if (trainings.length === 0) return models.length === 1 && losses.length === 1 ? losses[0] : undefined;
  const [only, ...others] = new Set(trainings.map(({ loss }) => loss));
  return only === undefined || others.length > 0 ? undefined : losses[only];
}
