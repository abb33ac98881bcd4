import type { OptimizerRecord, ParameterGroup } from "../record.ts";
import type { Engine, Tensor } from "./engine.ts";
import type { Optimizer } from "./optimizerHook.ts";

type Kind = OptimizerRecord["kind"];

const kinds: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ["SGD", "sgd"],
  ["Momentum", "momentum"],
  ["RMSProp", "rmsprop"],
  ["Adam", "adam"],
  ["Adamax", "adamax"],
  ["Adagrad", "adagrad"],
  ["Adadelta", "adadelta"],
]);

/** Hyperparameters as properties of TensorFlow.js's optimizer classes. */
interface Hyperparameters {
  readonly learningRate?: unknown;
  readonly momentum?: unknown;
  readonly useNesterov?: unknown;
  readonly beta1?: unknown;
  readonly beta2?: unknown;
  readonly decay?: unknown;
  readonly rho?: unknown;
  readonly epsilon?: unknown;
  readonly centered?: unknown;
  /** SGD and Momentum step by this scalar, minus the learning rate, and not by `learningRate`. */
  readonly c?: Tensor;
  /** Steps that an Adamax has done. */
  readonly iteration?: Tensor;
}

export function optimizerName(optimizer: Optimizer): string {
  return optimizer.getClassName?.() ?? optimizer.constructor.name;
}

export function optimizerKind(optimizer: Optimizer): Kind {
  return kinds.get(optimizerName(optimizer)) ?? "other";
}

/** Hyperparameters of an optimizer that has one group of `parameters` numbers. */
export function parameterGroup(optimizer: Optimizer, learningRate: number, parameters: number): ParameterGroup {
  const of = optimizer as Hyperparameters;
  const kind = optimizerKind(optimizer);
  const momentum = numberOf(of.momentum);
  return {
    parameters,
    learningRate,
    ...(momentum !== undefined && { momentum }),
    ...(typeof of.useNesterov === "boolean" && { nesterov: of.useNesterov }),
    ...optional("beta1", of.beta1),
    ...optional("beta2", of.beta2),
    // What TensorFlow.js calls the decay of an RMSProp is the rate of its average.
    ...optional("rho", kind === "rmsprop" ? of.decay : of.rho),
    ...(typeof of.centered === "boolean" && { centered: of.centered }),
    ...optional("epsilon", of.epsilon),
  };
}

/**
 * The learning rate that the optimizer's next step uses; NaN where it has none. For SGD and Momentum that is what
 * `setLearningRate` was given last: assigning their `learningRate` has no effect.
 */
export function effectiveLearningRate(engine: Engine, optimizer: Optimizer): number {
  const of = optimizer as Hyperparameters;
  const stated = numberOf(of.learningRate) ?? Number.NaN;
  if (of.c !== undefined && !of.c.isDisposed) {
    const stepped = -(engine.readSync(of.c.dataId)[0] ?? Number.NaN);
    return Math.abs(stepped - stated) <= 1e-6 * Math.abs(stated) ? stated : stepped;
  }
  const decay = numberOf(of.decay) ?? 0;
  if (of.iteration !== undefined && decay !== 0) {
    return stated / (1 + decay * (engine.readSync(of.iteration.dataId)[0] ?? 0));
  }
  return stated;
}

/** The learning rate that the script has written down, whatever the optimizer makes of it. */
export function statedLearningRate(optimizer: Optimizer): number {
  return numberOf((optimizer as Hyperparameters).learningRate) ?? Number.NaN;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function optional<K extends "beta1" | "beta2" | "rho" | "epsilon">(key: K, value: unknown): Partial<Record<K, number>> {
  return typeof value === "number" ? ({ [key]: value } as Record<K, number>) : {};
}
