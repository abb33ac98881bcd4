/** Optimizers of TensorFlow.js, with the defaults of its own code. */
import type { FoundOptimizer } from "../interpret/found.ts";
import type { Given } from "../interpret/given.ts";
import { loseHyperparameters, moveRate } from "../interpret/movedOptimizer.ts";
import type { Reading } from "../interpret/reading.ts";
import { booleanOf, numberOf, type ObjectValue, type Value } from "../interpret/value.ts";
import type { SourcePosition, SourceRange } from "../places.ts";
import { ofFramework, unstated } from "../sketch/known.ts";
import type { Hyperparameters, OptimizerKind } from "../sketch/trainingSketch.ts";

/** The ε of the backends: 10⁻⁷, and 10⁻⁴ where numbers have 16 bits. */
const epsilon = ofFramework(1e-7);

type Make = (given: Given) => Hyperparameters;

const constructors: Readonly<Record<string, readonly [OptimizerKind, Make]>> = {
  sgd: ["sgd", (given) => ({ learningRate: numberOf(given.get(0, "")) })],
  momentum: [
    "momentum",
    (given) => ({
      learningRate: numberOf(given.get(0, "")),
      momentum: numberOf(given.get(1, "")),
      nesterov: booleanOf(given.get(2, ""), ofFramework(false)),
    }),
  ],
  rmsprop: [
    "rmsprop",
    (given) => ({
      learningRate: numberOf(given.get(0, "")),
      rho: numberOf(given.get(1, ""), ofFramework(0.9)),
      momentum: numberOf(given.get(2, ""), ofFramework(0)),
      epsilon: numberOf(given.get(3, ""), epsilon),
      centered: booleanOf(given.get(4, ""), ofFramework(false)),
    }),
  ],
  adam: ["adam", (given) => adam(given, 0.001)],
  adamax: ["adamax", (given) => adam(given, 0.002)],
  adagrad: ["adagrad", (given) => ({ learningRate: numberOf(given.get(0, "")) })],
  adadelta: [
    "adadelta",
    (given) => ({
      learningRate: numberOf(given.get(0, ""), ofFramework(0.001)),
      rho: numberOf(given.get(1, ""), ofFramework(0.95)),
      epsilon: numberOf(given.get(2, ""), epsilon),
    }),
  ],
};

function adam(given: Given, learningRate: number): Hyperparameters {
  return {
    learningRate: numberOf(given.get(0, ""), ofFramework(learningRate)),
    beta1: numberOf(given.get(1, ""), ofFramework(0.9)),
    beta2: numberOf(given.get(2, ""), ofFramework(0.999)),
    epsilon: numberOf(given.get(3, ""), epsilon),
  };
}

/** What `compile({ optimizer: "name" })` makes of a name. */
const byName: Readonly<Record<string, readonly [OptimizerKind, Hyperparameters]>> = {
  sgd: ["sgd", { learningRate: ofFramework(0.01) }],
  adagrad: ["adagrad", { learningRate: ofFramework(0.01) }],
  adadelta: ["adadelta", { learningRate: ofFramework(1), rho: ofFramework(0.95), epsilon }],
  adam: ["adam", { learningRate: ofFramework(0.001), beta1: ofFramework(0.9), beta2: ofFramework(0.999), epsilon }],
  adamax: ["adamax", { learningRate: ofFramework(0.002), beta1: ofFramework(0.9), beta2: ofFramework(0.999), epsilon }],
  rmsprop: [
    "rmsprop",
    {
      learningRate: ofFramework(0.001),
      rho: ofFramework(0.9),
      momentum: ofFramework(0),
      epsilon,
      centered: ofFramework(false),
    },
  ],
};

export class TensorFlowOptimizer implements ObjectValue {
  readonly kind = "object";
  readonly found: FoundOptimizer;
  readonly #member: (optimizer: TensorFlowOptimizer, name: string, range: SourceRange) => Value;

  constructor(
    made: Pick<FoundOptimizer, "range" | "statement" | "sketch" | "hyperparameters">,
    reading: Reading,
    member: (optimizer: TensorFlowOptimizer, name: string, range: SourceRange) => Value,
  ) {
    this.found = { ...made, value: this, schedules: [], model: undefined };
    this.#member = member;
    reading.optimizers.push(this.found);
  }

  member(name: string, range: SourceRange): Value {
    return this.#member(this, name, range);
  }

  /** `optimizer.learningRate = …` */
  assign(name: string, value: Value): void {
    const range = (value.kind === "unknown" || value.kind === "scalar" ? value.range : undefined) ?? this.found.range;
    if (name === "learningRate") this.moved(name, range);
    const what = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (what !== undefined) loseHyperparameters(this.found, [what], "it is assigned to later", range);
  }

  moved(call: string, range: SourceRange): void {
    moveRate(this.found, call, range, "assigned");
  }

  handedOn(to: string, range: SourceRange): void {
    moveRate(this.found, to, range, "other");
  }
}

/** Fields of an optimizer of TensorFlow.js that a script may assign to, the learning rate aside. */
const fields: Readonly<Record<string, keyof Hyperparameters>> = {
  momentum: "momentum",
  useNesterov: "nesterov",
  decay: "rho",
  rho: "rho",
  beta1: "beta1",
  beta2: "beta2",
  epsilon: "epsilon",
  centered: "centered",
};

type Member = (optimizer: TensorFlowOptimizer, name: string, range: SourceRange) => Value;

/** `tf.train.name(…)`; undefined for a name that is none. */
export function madeOptimizer(
  name: string,
  given: Given,
  reading: Reading,
  member: Member,
): TensorFlowOptimizer | undefined {
  const found = Object.hasOwn(constructors, name) ? constructors[name] : undefined;
  if (found === undefined) return undefined;
  const [kind, make] = found;
  const { range, statement } = given;
  const sketch = { kind, call: name, weightDecayForm: undefined, groups: [] } as const;
  return new TensorFlowOptimizer({ range, statement, sketch, hyperparameters: make(given) }, reading, member);
}

/** `compile({ optimizer: "name" })`, and what it does where the name is none that it knows. */
export function optimizerNamed(
  name: string,
  range: SourceRange,
  statement: SourcePosition,
  reading: Reading,
  member: Member,
): TensorFlowOptimizer {
  const word = name.toLowerCase();
  const [kind, hyperparameters] = (Object.hasOwn(byName, word) ? byName[word] : undefined) ?? [
    "other",
    { learningRate: unstated(`${name} is not known`, range) },
  ];
  const sketch = { kind, call: name, weightDecayForm: undefined, groups: [] } as const;
  return new TensorFlowOptimizer({ range, statement, sketch, hyperparameters }, reading, member);
}
