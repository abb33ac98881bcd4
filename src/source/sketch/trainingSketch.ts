/** How a script trains, as read off its text. */
import type { SourcePosition, SourceRange } from "../places.ts";
import type { Known } from "./known.ts";

export type LossKind =
  | "crossEntropy"
  | "binaryCrossEntropy"
  | "negativeLogLikelihood"
  | "meanSquaredError"
  | "meanAbsoluteError"
  | "huber"
  | "hinge"
  | "kullbackLeibler"
  | "cosine"
  | "other";

export interface LossSketch {
  readonly kind: LossKind;
  /** The framework's own word: `softmaxCrossEntropy`, `CrossEntropyLoss`. */
  readonly call: string;
  readonly range: SourceRange;
  /** Whether it takes logits, and normalizes them itself. Known to be false for a loss that has no logits. */
  readonly fromLogits: Known<boolean>;
  readonly reduction: Known<"mean" | "sum" | "none">;
  readonly labelSmoothing: Known<number>;
}

export type OptimizerKind =
  "sgd" | "momentum" | "rmsprop" | "adam" | "adamw" | "adamax" | "adagrad" | "adadelta" | "nadam" | "lbfgs" | "other";

/** An optimizer has those that it knows of, and no others. */
export interface Hyperparameters {
  readonly learningRate?: Known<number>;
  readonly momentum?: Known<number>;
  readonly dampening?: Known<number>;
  readonly nesterov?: Known<boolean>;
  readonly beta1?: Known<number>;
  readonly beta2?: Known<number>;
  /** Decay of the average of squared gradients of RMSProp and Adadelta. */
  readonly rho?: Known<number>;
  readonly centered?: Known<boolean>;
  readonly epsilon?: Known<number>;
  readonly weightDecay?: Known<number>;
}

/** Parameters with hyperparameters of their own. */
export interface ParameterGroupSketch {
  readonly range: SourceRange;
  /** Those in which it differs from the optimizer's. */
  readonly hyperparameters: Hyperparameters;
}

export interface OptimizerSketch {
  /** Plain SGD with a momentum that is known to be other than zero is `momentum`. */
  readonly kind: OptimizerKind;
  /** The framework's own word: `adam`, `AdamW`. */
  readonly call: string;
  readonly range: SourceRange;
  readonly statement: SourcePosition;
  readonly hyperparameters: Hyperparameters;
  /** `coupled` adds the decay to the gradient (L2), `decoupled` to the update (AdamW). */
  readonly weightDecayForm: "coupled" | "decoupled" | undefined;
  /** Empty where all parameters share the same hyperparameters. */
  readonly groups: readonly ParameterGroupSketch[];
  /** Of the call that gives it all parameters of one model, as `model.parameters()`; absent where they are put together otherwise. */
  readonly parameters?: SourceRange;
  /** Index of the model that it trains, where the text says it. */
  readonly model: number | undefined;
  /** What moves its learning rate; empty for one that stays. */
  readonly schedules: readonly ScheduleSketch[];
}

export type ScheduleKind =
  | "step"
  | "multiStep"
  | "exponential"
  | "cosine"
  | "cosineRestarts"
  | "linear"
  | "constant"
  | "polynomial"
  | "oneCycle"
  | "cyclic"
  | "plateau"
  | "function"
  | "sequence"
  /** The script sets the learning rate itself. */
  | "assigned"
  | "other";

export interface ScheduleSketch {
  readonly kind: ScheduleKind;
  /** The framework's own word: `CosineAnnealingLR`, `setLearningRate`. */
  readonly call: string;
  readonly range: SourceRange;
  /** Its numbers, under the framework's own names: `step_size`, `gamma`, `T_max`. Those that the text is silent of are not here. */
  readonly parameters: Readonly<Record<string, Known<number>>>;
}

/** One call that trains. */
export interface TrainingSketch {
  /** What is called, in the framework's own word: `fit`, `minimize`, `step`. */
  readonly call: string;
  readonly range: SourceRange;
  readonly statement: SourcePosition;
  /** Indices into the sketch's models, optimizers and losses, where the text says which. */
  readonly model: number | undefined;
  readonly optimizer: number | undefined;
  readonly loss: number | undefined;
  /**
   * Examples of one optimizer step, but for a smaller last one of a pass. Where the data are known to be fewer than the text asks for,
   * the batch is the data; where it is not known how many they are, it is unknown, and the reason says "at most N".
   */
  readonly batchSize: Known<number>;
  /** Examples of a batch as the text asks for them: no step sees more. */
  readonly batchLimit: Known<number>;
  /** Passes over the data. */
  readonly epochs: Known<number>;
  /** Optimizer steps in all, where the text alone says it. */
  readonly steps: Known<number>;
  /** Training examples, where the text alone says it. */
  readonly examples: Known<number>;
  /** Mean square of what the model is fed, where the text draws it or states it. */
  readonly inputSquare: Known<number>;
  /** That it steps on weights that the call names, of which there may be others. */
  readonly someWeights?: true;
  /** That its steps are taken in evaluation mode, with the call that has put the model into it; absent where the text does not say so for certain. */
  readonly evaluates?: Known<true>;
}
