import type { Tensor } from "./engine.ts";
import type { Operation, TracedVariable } from "./trace/operation.ts";

/** What of a trace this needs. */
export interface TracedGraph {
  readonly variables: readonly TracedVariable[];
  readonly operations: readonly Operation[];
  readonly lossId: number;
  primal(id: number): Tensor | undefined;
}

/** Whether a kernel hands its input on. A dense layer transposes its kernel to the order that it has, where its input has several axes. */
export function handsOn({ kernelName, attributes }: Operation): boolean {
  if (kernelName !== "Transpose") return ["Identity", "Reshape", "Cast"].includes(kernelName);
  const order = attributes["perm"];
  return Array.isArray(order) && order.every((axis, index) => axis === index);
}

/** The way from inputs and weights to the loss: the recorded forward kernels that the loss depends on. */
export class ForwardGraph {
  readonly trace: TracedGraph;
  /** In the order in which they ran. */
  readonly operations: readonly Operation[];
  readonly #producers = new Map<number, Operation>();
  readonly #consumers = new Map<number, Operation[]>();
  readonly #variables = new Map<number, TracedVariable>();
  /** Values that other weights would change. */
  readonly #weighted = new Set<number>();

  constructor(trace: TracedGraph) {
    this.trace = trace;
    const needed = new Set([trace.lossId]);
    const operations: Operation[] = [];
    for (const operation of trace.operations.toReversed()) {
      if (operation.pass !== "forward" || !operation.outputs.some((id) => needed.has(id))) continue;
      operations.push(operation);
      for (const id of operation.outputs) this.#producers.set(id, operation);
      for (const id of new Set(Object.values(operation.inputs))) {
        needed.add(id);
        const consumers = this.#consumers.get(id);
        if (consumers === undefined) this.#consumers.set(id, [operation]);
        else consumers.push(operation);
      }
    }
    this.operations = operations.toReversed();
    for (const variable of trace.variables) for (const id of variable.values) this.#variables.set(id, variable);
    for (const { inputs, outputs } of this.operations) {
      if (!Object.values(inputs).some((id) => this.#variables.has(id) || this.#weighted.has(id))) continue;
      for (const id of outputs) this.#weighted.add(id);
    }
  }

  /** The kernel that made a value, looking through those that only hand it on; undefined for inputs and weights. */
  producer(id: number | undefined): Operation | undefined {
    const operation = id === undefined ? undefined : this.#producers.get(id);
    return operation !== undefined && handsOn(operation) ? this.producer(input(operation)) : operation;
  }

  /** Kernels that take a value on its way to the loss. */
  consumers(id: number): readonly Operation[] {
    return this.#consumers.get(id) ?? [];
  }

  /** The weight that a value is, looking through kernels that only hand it on. */
  variable(id: number | undefined): TracedVariable | undefined {
    if (id === undefined) return undefined;
    const operation = this.#producers.get(id);
    if (operation === undefined) return this.#variables.get(id);
    return handsOn(operation) ? this.variable(input(operation)) : undefined;
  }

  /** Whether a kernel computes something of what enters from outside alone: other weights would not change it. */
  isOfData({ outputs }: Operation): boolean {
    return outputs.every((id) => !this.#weighted.has(id));
  }

  /** Values that enter from outside: the batch, constants, masks; no weights. */
  get leaves(): readonly number[] {
    const leaves = new Set<number>();
    for (const operation of this.operations) {
      for (const id of Object.values(operation.inputs)) {
        if (!this.#producers.has(id) && !this.#variables.has(id)) leaves.add(id);
      }
    }
    return [...leaves];
  }

  /** Whether some weight reaches the loss by a way that avoids the given value, as weight penalties do. */
  bypasses(value: number): boolean {
    const reached = new Set([this.trace.lossId]);
    for (const operation of this.operations.toReversed()) {
      if (operation.outputs.includes(value) || !operation.outputs.some((id) => reached.has(id))) continue;
      for (const id of Object.values(operation.inputs)) {
        if (this.#variables.has(id)) return true;
        if (id !== value) reached.add(id);
      }
    }
    return false;
  }
}

/** First input of a kernel. */
export function input(operation: Operation | undefined): number | undefined {
  return operation === undefined ? undefined : Object.values(operation.inputs)[0];
}

/** Second input of a kernel. */
export function secondInput(operation: Operation | undefined): number | undefined {
  return operation === undefined ? undefined : Object.values(operation.inputs)[1];
}
