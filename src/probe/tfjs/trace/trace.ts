import type { Engine, Tensor } from "../engine.ts";
import { letGoOfHandles } from "./heldHandles.ts";
import { Kernels } from "./kernels.ts";
import { microBatch, type SomeExamples } from "./microBatch.ts";
import type { Operation, TracedVariable } from "./operation.ts";
import type { Program } from "./program.ts";
import { Replay } from "./replay.ts";
import { UnsplittableError } from "./splitRules.ts";
import { splitFlat, TracePoint } from "./tracePoint.ts";

/**
 * The record of one gradient evaluation of the script's own: every kernel that ran, with its values.
 *
 * Curvature is computed along the record, so the script's code never runs a second time: the batch, the dropout mask and the
 * mode of every layer are those of the step. Holds the evaluation's activations until `dispose`.
 */
export class Trace {
  readonly variables: readonly TracedVariable[];
  /** All kernels in the order in which they ran. */
  readonly operations: readonly Operation[];
  readonly parameterCount: number;
  /** Kernels on the way from weights to gradients without a tangent rule; with any, `hessianVector` throws. */
  readonly unsupported: readonly string[];
  /** Id of the loss's value. */
  readonly lossId: number;
  readonly #engine: Engine;
  readonly #program: Program;
  readonly #values: ReadonlyMap<number, Tensor>;
  readonly #valueIds: ReadonlyMap<number, number>;
  readonly #recorded: TracePoint;

  /**
   * @param values the recorded values by id, which the trace owns from now on.
   * @param valueIds id of the value of each tensor seen, by the tensor's own id.
   */
  constructor(
    engine: Engine,
    program: Program,
    values: ReadonlyMap<number, Tensor>,
    valueIds: ReadonlyMap<number, number>,
  ) {
    this.variables = program.variables;
    this.operations = program.operations;
    this.parameterCount = program.variables.reduce((sum, variable) => sum + variable.size, 0);
    this.unsupported = program.unsupported;
    this.lossId = program.loss;
    this.#engine = engine;
    this.#program = program;
    this.#values = values;
    this.#valueIds = valueIds;
    this.#recorded = new TracePoint(engine, program, values, [...values.values()]);
  }

  /** Bytes of the distinct buffers held, weights left out: memory that the trace alone keeps from being freed. */
  get bytesHeld(): number {
    const weights = new Set(this.variables.flatMap((variable) => variable.values));
    const buffers = new Map<object, number>();
    for (const [id, tensor] of this.#values) if (!weights.has(id)) buffers.set(tensor.dataId, bytesOf(tensor));
    for (const id of weights) buffers.delete(this.#values.get(id)?.dataId ?? buffers);
    return buffers.values().reduce((sum, bytes) => sum + bytes, 0);
  }

  /** Id under which operations know the value of a tensor; undefined if no recorded kernel took or gave the tensor. */
  valueId(tensorId: number): number | undefined {
    return this.#valueIds.get(tensorId);
  }

  /** A recorded value, by its id or by that of a tensor; alive until `dispose`. */
  primal(id: number): Tensor | undefined {
    return this.#recorded.primal(id) ?? this.#recorded.primal(this.#valueIds.get(id) ?? id);
  }

  /** The loss that was stepped on; the sum of its elements, where it is no scalar. */
  loss(): number {
    return this.#recorded.loss();
  }

  /** Gradient of the loss, flat, in the order of the variables, as the script was given it. */
  gradient(): Float32Array {
    return this.#recorded.gradient();
  }

  /** Product of the Hessian at the recorded weights with a flat direction: see `TracePoint.hessianVector`. */
  hessianVector(direction: ArrayLike<number>): Float32Array {
    return this.#recorded.hessianVector(direction);
  }

  /** The weights of the evaluation, flat, in the order of the variables. */
  weights(): Float32Array {
    const kernels = new Kernels(this.#engine);
    const flat = new Float32Array(this.parameterCount);
    let offset = 0;
    for (const variable of this.variables) {
      const value = this.primal(variable.values[0] ?? variable.id);
      if (value !== undefined) flat.set(kernels.read(value), offset);
      offset += variable.size;
    }
    return flat;
  }

  /**
   * The same evaluation at other weights: all kernels that depend on weights run anew, with the recorded batch and dropout
   * mask. Choices that the script made in its own code by looking at values stay as they were.
   *
   * @param weights flat, in the order of the variables.
   */
  at(weights: ArrayLike<number>): TracePoint {
    const parts = splitFlat(weights, this.variables);
    const reassigned = this.variables.find((variable) => variable.values.length > 1);
    if (reassigned !== undefined) {
      throw new Error(`${reassigned.name} changes its value within one evaluation, so none can be chosen for it.`);
    }
    const replay = new Replay(this.#engine, this.#values);
    replay.run(this.#program.weightDependent, () => {
      this.variables.forEach(({ id, values: [valueId = id], shape }, index) => {
        const part = parts[index];
        if (part !== undefined) replay.make(valueId, part, shape, "float32");
      });
    });
    return new TracePoint(this.#engine, this.#program, replay.values, replay.owned);
  }

  /**
   * The same evaluation on some of its examples, at the recorded weights: see `microBatch`.
   *
   * @throws UnsplittableError where some kernel cannot work on a part of the batch.
   */
  onExamples(some: SomeExamples): TracePoint {
    const made = new Set(this.operations.flatMap(({ outputs }) => outputs));
    const weights = new Set(this.variables.flatMap((variable) => variable.values));
    const inputs = this.operations
      .filter(({ pass }) => pass === "forward")
      .flatMap((each) => Object.values(each.inputs));
    const leaves = [...new Set(inputs)].filter(
      (id) => !made.has(id) && !weights.has(id) && this.#values.get(id)?.shape[0] === some.batch,
    );
    if (leaves.length === 0) throw new UnsplittableError(`nothing that enters holds ${some.batch} examples`);
    return microBatch(this.#engine, this.#program, this.#values, leaves, some);
  }

  /** Frees all that the trace holds; points made by `at` are freed by themselves. */
  dispose(): void {
    this.#recorded.dispose();
    letGoOfHandles(this.#engine, this.#values);
  }
}

function bytesOf(tensor: Tensor): number {
  if (tensor.dtype === "bool") return tensor.size;
  return tensor.size * (tensor.dtype === "complex64" ? 8 : 4);
}
