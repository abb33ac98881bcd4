import type { Engine, Tensor, Variable } from "./engine.ts";
import type { Evaluation } from "./evaluation.ts";
import type { Optimizer } from "./optimizerHook.ts";
import type { ObservedStep } from "./observables/observable.ts";
import type { Trace } from "./trace/trace.ts";

/** A step as observables see it: each vector is read from the backend when it is first asked for. */
export class StepView implements ObservedStep {
  readonly engine: Engine;
  readonly optimizer: Optimizer | undefined;
  readonly step: number;
  readonly seconds: number;
  readonly learningRate: number;
  readonly trace: Trace | undefined;
  readonly isUnlimited: boolean;
  readonly batch: number | undefined;
  readonly variables: readonly string[];
  readonly #gradients: ReadonlyMap<string, Tensor>;
  readonly #weights: ReadonlyMap<string, Variable>;
  readonly #before: ReadonlyMap<string, Float32Array>;
  readonly #read = new Map<Tensor, Float32Array>();

  /** @param before weights read before the step; empty where nobody needs them. */
  constructor(
    evaluation: Evaluation,
    step: {
      readonly optimizer: Optimizer | undefined;
      readonly learningRate: number;
      readonly gradients: ReadonlyMap<string, Tensor>;
      readonly before: ReadonlyMap<string, Float32Array>;
    },
    time: { readonly step: number; readonly seconds: number },
  ) {
    this.engine = evaluation.engine;
    this.optimizer = step.optimizer;
    this.step = time.step;
    this.seconds = time.seconds;
    this.learningRate = step.learningRate;
    this.trace = evaluation.trace;
    this.isUnlimited = evaluation.isUnlimited;
    this.batch = evaluation.batch;
    this.variables = [...step.gradients.keys()];
    this.#gradients = step.gradients;
    this.#weights = new Map(evaluation.variables.map((variable) => [variable.name, variable]));
    this.#before = step.before;
  }

  gradient(variable: string): Float32Array | undefined {
    return this.#readOnce(this.#gradients.get(variable));
  }

  weightsBefore(variable: string): Float32Array | undefined {
    return this.#before.get(variable);
  }

  weightsAfter(variable: string): Float32Array | undefined {
    return this.#readOnce(this.#weights.get(variable));
  }

  #readOnce(tensor: Tensor | undefined): Float32Array | undefined {
    if (tensor === undefined || tensor.isDisposed) return undefined;
    const known = this.#read.get(tensor);
    if (known !== undefined) return known;
    const values = readFloats(this.engine, tensor);
    this.#read.set(tensor, values);
    return values;
  }
}

export function readFloats(engine: Engine, tensor: Tensor): Float32Array {
  const values = engine.readSync(tensor.dataId);
  return values instanceof Float32Array ? values : new Float32Array(values);
}
