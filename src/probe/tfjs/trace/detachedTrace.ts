import type { Engine, Tensor } from "../engine.ts";
import { makeProgram, neededOperations, type Program } from "./program.ts";
import { Replay } from "./replay.ts";
import { Trace } from "./trace.ts";
import { splitFlat } from "./tracePoint.ts";

type Elements = Float32Array | Int32Array | Uint8Array;

/** A value that weights do not change: the batch, its labels, masks, constants. */
export interface Leaf {
  readonly elements: Elements;
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** A trace has a value that cannot be kept as plain numbers. */
export class UndetachableError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = "UndetachableError";
  }
}

/**
 * What is left of a trace without its activations: the program from weights to loss and gradients, and what enters it. It holds
 * plain arrays, and no tensors, which the script's own `tf.memory` would count.
 */
export class DetachedTrace {
  readonly variables: Program["variables"];
  readonly leaves: ReadonlyMap<number, Leaf>;
  readonly #program: Program;

  private constructor(program: Program, leaves: ReadonlyMap<number, Leaf>) {
    this.variables = program.variables;
    this.#program = program;
    this.leaves = leaves;
  }

  /**
   * Copies out of a trace what depends on no weight.
   *
   * @throws UndetachableError where a weight changes within the evaluation, or a value is neither float, integer nor boolean.
   */
  static of(engine: Engine, trace: Trace): DetachedTrace {
    const reassigned = trace.variables.find(({ values }) => values.length > 1);
    if (reassigned !== undefined) throw new UndetachableError(`${reassigned.name} changes within one evaluation`);
    const { variables, lossId } = trace;
    const wanted = [lossId, ...variables.map(({ gradient }) => gradient)];
    const isFloat = (id: number) => trace.primal(id)?.dtype === "float32";
    const needed = makeProgram(variables, neededOperations(trace.operations, wanted), lossId, isFloat);
    // Without the others, what these compute are leaves of the program.
    const program = makeProgram(variables, needed.weightDependent, lossId, isFloat);
    const made = new Set(program.operations.flatMap(({ outputs }) => outputs));
    const weights = new Set(variables.map(weightId));
    const entering = [...program.operations.flatMap(({ inputs }) => Object.values(inputs)), ...wanted];
    const leaves = new Map<number, Leaf>();
    for (const id of entering) {
      if (made.has(id) || weights.has(id) || leaves.has(id)) continue;
      const tensor = trace.primal(id);
      if (tensor === undefined) throw new UndetachableError(`value ${id} was not recorded`);
      leaves.set(id, { elements: copied(engine, tensor), shape: [...tensor.shape], dtype: tensor.dtype });
    }
    return new DetachedTrace(program, leaves);
  }

  /** The same with other arrays for some leaves, which are equal to its own: to share them with another trace. */
  sharing(leaves: ReadonlyMap<number, Leaf>): DetachedTrace {
    return new DetachedTrace(this.#program, leaves);
  }

  /**
   * The evaluation anew, at these weights: values, gradients and curvature, to be disposed of.
   *
   * @param weights flat, in the order of the variables.
   */
  at(engine: Engine, weights: ArrayLike<number>): Trace {
    const replay = this.#replay(engine, weights, this.#program.operations);
    return new Trace(engine, this.#program, replay.values, new Map());
  }

  /** The loss alone, at these weights; the sum of its elements, where it is no scalar. */
  loss(engine: Engine, weights: ArrayLike<number>): number {
    const { operations, loss } = this.#program;
    const replay = this.#replay(engine, weights, neededOperations(operations, [loss]));
    try {
      const value = replay.values.get(loss);
      const elements = value === undefined ? [Number.NaN] : Array.from(engine.readSync(value.dataId));
      return elements.reduce((sum, each) => sum + each, 0);
    } finally {
      for (const tensor of replay.owned) tensor.dispose();
    }
  }

  #replay(engine: Engine, weights: ArrayLike<number>, operations: Program["operations"]): Replay {
    const parts = splitFlat(weights, this.variables);
    const replay = new Replay(engine, new Map());
    replay.run(operations, () => {
      for (const [id, { elements, shape, dtype }] of this.leaves) replay.make(id, elements, shape, dtype);
      this.variables.forEach((variable, index) => {
        const part = parts[index];
        if (part !== undefined) replay.make(weightId(variable), part, variable.shape, "float32");
      });
    });
    return replay;
  }
}

function weightId({ id, values: [value = id] }: Program["variables"][number]): number {
  return value;
}

/** The plain JavaScript backend hands out its own array, which must not be kept. */
function copied(engine: Engine, { dataId, dtype }: Tensor): Elements {
  const elements = engine.readSync(dataId);
  switch (dtype) {
    case "float32":
      return Float32Array.from(elements);
    case "int32":
      return Int32Array.from(elements);
    case "bool":
      return Uint8Array.from(elements);
    default:
      throw new UndetachableError(`a value is ${dtype}`);
  }
}
