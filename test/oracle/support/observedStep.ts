import type { Engine } from "../../../src/probe/tfjs/engine.ts";
import type { ObservedStep } from "../../../src/probe/tfjs/observables/observable.ts";
import type { Trace } from "../../../src/probe/tfjs/trace/trace.ts";

/** What an observable of traces sees. */
export function tracedStep(engine: Engine, trace: Trace, step = 0): ObservedStep {
  return {
    ...weightsStep({}),
    engine,
    trace,
    step,
    variables: trace.variables.map(({ name }) => name),
  };
}

export interface Moved {
  readonly shape: readonly number[];
  readonly before: ArrayLike<number>;
  readonly after?: ArrayLike<number>;
}

/** What an observable of weights sees of variables that have gone from one value to another. */
export function weightsStep(variables: Readonly<Record<string, Moved>>): ObservedStep {
  const registeredVariables = Object.fromEntries(
    Object.entries(variables).map(([name, { shape }]) => [name, { name, shape }]),
  );
  const read = (values: ArrayLike<number> | undefined) => values && Float32Array.from(values);
  return {
    engine: { registeredVariables } as unknown as Engine,
    optimizer: undefined,
    step: 0,
    seconds: 0.01,
    learningRate: 0.1,
    trace: undefined,
    isUnlimited: true,
    batch: undefined,
    variables: Object.keys(variables),
    gradient: () => undefined,
    weightsBefore: (name) => read(variables[name]?.before),
    weightsAfter: (name) => read(variables[name]?.after ?? variables[name]?.before),
  };
}
