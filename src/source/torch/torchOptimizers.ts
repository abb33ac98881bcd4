/** Optimizers of PyTorch, with the defaults of its own code, and what moves their learning rates. */
import type { Given } from "../interpret/given.ts";
import { booleanOf, itemsOf, numberOf, type Value } from "../interpret/value.ts";
import { ofFramework, unstated, type Known } from "../sketch/known.ts";
import type { Hyperparameters, OptimizerKind, ScheduleKind, ScheduleSketch } from "../sketch/trainingSketch.ts";

type Hyperparameter = keyof Hyperparameters;
type Default = number | boolean | "depends on the version of PyTorch";

/** A hyperparameter's place behind the parameters, its keyword, what it is, and its default. */
type Signature = readonly (readonly [place: number, keyword: string, what: Hyperparameter, standard: Default])[];

const none = Number.MAX_SAFE_INTEGER;

function adam(learningRate: number, weightDecay: number): Signature {
  return [
    [1, "lr", "learningRate", learningRate],
    [3, "eps", "epsilon", 1e-8],
    [4, "weight_decay", "weightDecay", weightDecay],
  ];
}

const signatures: Readonly<Record<string, readonly [OptimizerKind, Signature, "coupled" | "decoupled" | undefined]>> = {
  SGD: [
    "sgd",
    [
      [1, "lr", "learningRate", "depends on the version of PyTorch"],
      [2, "momentum", "momentum", 0],
      [3, "dampening", "dampening", 0],
      [4, "weight_decay", "weightDecay", 0],
      [5, "nesterov", "nesterov", false],
    ],
    "coupled",
  ],
  Adam: ["adam", adam(1e-3, 0), "coupled"],
  AdamW: ["adamw", adam(1e-3, 1e-2), "decoupled"],
  Adamax: ["adamax", adam(2e-3, 0), "coupled"],
  NAdam: ["nadam", adam(2e-3, 0), "coupled"],
  RMSprop: [
    "rmsprop",
    [
      [1, "lr", "learningRate", 1e-2],
      [2, "alpha", "rho", 0.99],
      [3, "eps", "epsilon", 1e-8],
      [4, "weight_decay", "weightDecay", 0],
      [5, "momentum", "momentum", 0],
      [6, "centered", "centered", false],
    ],
    "coupled",
  ],
  Adagrad: [
    "adagrad",
    [
      [1, "lr", "learningRate", 1e-2],
      [3, "weight_decay", "weightDecay", 0],
      [none, "eps", "epsilon", 1e-10],
    ],
    "coupled",
  ],
  Adadelta: [
    "adadelta",
    [
      [1, "lr", "learningRate", 1],
      [2, "rho", "rho", 0.9],
      [3, "eps", "epsilon", 1e-6],
      [4, "weight_decay", "weightDecay", 0],
    ],
    "coupled",
  ],
  LBFGS: ["lbfgs", [[1, "lr", "learningRate", 1]], undefined],
};

/** Whether a full name is that of an optimizer: of one that is known, or of any class that stands among them. */
export function isOptimizer(path: string): boolean {
  const parts = path.split(".");
  return parts.length === 3 || Object.hasOwn(signatures, parts.at(-1) ?? "");
}

const hasBetas: readonly string[] = ["Adam", "AdamW", "Adamax", "NAdam"];

interface TorchOptimizerFacts {
  readonly kind: OptimizerKind;
  readonly hyperparameters: Hyperparameters;
  readonly weightDecayForm: "coupled" | "decoupled" | undefined;
}

/** An optimizer by the name of its class; one that is not known has no more than the learning rate that it is given. */
export function optimizerFacts(name: string, given: Given): TorchOptimizerFacts {
  const found = Object.hasOwn(signatures, name) ? signatures[name] : undefined;
  if (found === undefined) {
    return {
      kind: "other",
      hyperparameters: { learningRate: numberOf(given.get(1, "lr")) },
      weightDecayForm: undefined,
    };
  }
  const [kind, signature, weightDecayForm] = found;
  const hyperparameters: Hyperparameters = {
    ...read(signature, (place, keyword) => given.get(place, keyword), true),
    ...(hasBetas.includes(name) ? betas(given.get(2, "betas"), true) : {}),
  };
  const { momentum } = hyperparameters;
  const heavy = kind === "sgd" && momentum?.known === true && momentum.value !== 0;
  return { kind: heavy ? "momentum" : kind, hyperparameters, weightDecayForm };
}

/** The hyperparameters in which a group of parameters differs. */
export function groupFacts(name: string, entry: (keyword: string) => Value | undefined): Hyperparameters {
  const found = Object.hasOwn(signatures, name) ? signatures[name] : undefined;
  const own = found === undefined ? {} : read(found[1], (_, keyword) => entry(keyword), false);
  const pair = entry("betas");
  return { ...own, ...(pair === undefined ? {} : betas(pair, false)) };
}

function read(
  signature: Signature,
  argument: (place: number, keyword: string) => Value | undefined,
  all: boolean,
): Hyperparameters {
  const found: Partial<Record<Hyperparameter, Known<number> | Known<boolean>>> = {};
  for (const [place, keyword, what, standard] of signature) {
    const value = argument(place, keyword);
    if (value === undefined && !all) continue;
    if (typeof standard === "boolean") found[what] = booleanOf(value, ofFramework(standard));
    else
      found[what] = numberOf(
        value,
        typeof standard === "number" ? ofFramework(standard) : unstated(`its default ${standard}`),
      );
  }
  return found as Hyperparameters;
}

function betas(pair: Value | undefined, all: boolean): Hyperparameters {
  if (pair === undefined) return all ? { beta1: ofFramework(0.9), beta2: ofFramework(0.999) } : {};
  const items = itemsOf(pair);
  const reason = pair.kind === "unknown" ? pair.reason : "not two numbers";
  if (items?.length !== 2) return { beta1: unstated(reason), beta2: unstated(reason) };
  return { beta1: numberOf(items[0]), beta2: numberOf(items[1]) };
}

/** Schedules with the names of their numbers, in the order in which they are taken behind the optimizer. */
const schedules: Readonly<Record<string, readonly [ScheduleKind, readonly string[]]>> = {
  StepLR: ["step", ["step_size", "gamma"]],
  MultiStepLR: ["multiStep", ["milestones", "gamma"]],
  ExponentialLR: ["exponential", ["gamma"]],
  CosineAnnealingLR: ["cosine", ["T_max", "eta_min"]],
  CosineAnnealingWarmRestarts: ["cosineRestarts", ["T_0", "T_mult", "eta_min"]],
  LinearLR: ["linear", ["start_factor", "end_factor", "total_iters"]],
  ConstantLR: ["constant", ["factor", "total_iters"]],
  PolynomialLR: ["polynomial", ["total_iters", "power"]],
  OneCycleLR: ["oneCycle", ["max_lr", "total_steps", "epochs", "steps_per_epoch", "pct_start"]],
  CyclicLR: ["cyclic", ["base_lr", "max_lr", "step_size_up", "step_size_down"]],
  ReduceLROnPlateau: ["plateau", ["mode", "factor", "patience"]],
  LambdaLR: ["function", []],
  MultiplicativeLR: ["function", []],
  SequentialLR: ["sequence", []],
  ChainedScheduler: ["sequence", []],
};

export function scheduleSketch(name: string, given: Given): ScheduleSketch {
  const [kind, names] = (Object.hasOwn(schedules, name) ? schedules[name] : undefined) ?? ["other", []];
  const parameters: Record<string, Known<number>> = {};
  for (const [index, each] of names.entries()) {
    const value = given.get(index + 1, each);
    if (value !== undefined && each !== "milestones" && each !== "mode") parameters[each] = numberOf(value);
  }
  return { kind, call: name, range: given.range, parameters };
}

/** Hyperparameters that a schedule sets to values of its own from the first step on: cycles move the momentum against the rate. */
export function setsItself(name: string, given: Given): readonly (keyof Hyperparameters)[] {
  if (name !== "OneCycleLR" && name !== "CyclicLR") return [];
  const cycles = booleanOf(given.by("cycle_momentum"), ofFramework(true));
  return cycles.known && !cycles.value ? ["learningRate"] : ["learningRate", "momentum", "beta1"];
}
