import type { Engine, Tensor } from "../engine.ts";
import { Constants } from "./constants.ts";
import { Kernels } from "./kernels.ts";
import type { Operation } from "./operation.ts";
import type { ActiveOperation, Program } from "./program.ts";
import { UnsupportedKernelError, type RuleContext } from "./rule.ts";

/**
 * Runs without writing to the gradient tape that the script may be recording, and frees every tensor that is not kept. The
 * result passes the engine's scope by, which would look for tensors in each element of an array.
 */
export function offTape<T>(engine: Engine, run: () => T): T {
  const results: T[] = [];
  engine.state.kernelDepth++;
  try {
    engine.tidy(() => {
      results.push(run());
    });
  } finally {
    engine.state.kernelDepth--;
  }
  return results[0] as T;
}

/** A recorded evaluation at one set of weights: value, gradient and curvature of the loss there. */
export class TracePoint {
  readonly #engine: Engine;
  readonly #kernels: Kernels;
  readonly #program: Program;
  readonly #values: ReadonlyMap<number, Tensor>;
  readonly #owned: readonly Tensor[];
  readonly #constants: Constants;
  #disposed = false;

  /** @param owned tensors that `dispose` frees. */
  constructor(engine: Engine, program: Program, values: ReadonlyMap<number, Tensor>, owned: readonly Tensor[]) {
    this.#engine = engine;
    this.#kernels = new Kernels(engine);
    this.#program = program;
    this.#values = values;
    this.#owned = owned;
    this.#constants = new Constants(engine);
  }

  /** Value of that id, as recorded or replayed; alive until `dispose`. */
  primal(id: number): Tensor | undefined {
    return this.#values.get(id);
  }

  /** The loss; the sum of its elements, where it is no scalar. */
  loss(): number {
    this.#requireAlive();
    return Array.from(this.#kernels.read(this.#value(this.#program.loss))).reduce((sum, element) => sum + element, 0);
  }

  /** Gradient of the loss, flat, in the order of the variables. */
  gradient(): Float32Array {
    this.#requireAlive();
    return this.#flatten((variable) => this.#value(variable.gradient));
  }

  /**
   * Product of the loss's Hessian with a direction: tangents pushed along the recorded gradient evaluation, forward over
   * reverse (Pearlmutter 1994). Costs between one and two gradients; the first product at a point a little more, since it
   * makes what all share.
   *
   * @param direction flat, in the order of the variables.
   * @throws UnsupportedKernelError where a kernel on the way has no tangent rule.
   */
  hessianVector(direction: ArrayLike<number>): Float32Array {
    this.#requireAlive();
    const { unsupported, variables } = this.#program;
    if (unsupported.length > 0) throw new UnsupportedKernelError(unsupported);
    return offTape(this.#engine, () => {
      const tangents = this.#seed(direction);
      for (const step of this.#program.active) this.#push(step, tangents);
      return this.#flatten((variable) => tangents.get(variable.gradient), variables);
    });
  }

  /** Frees the tensors held; afterwards nothing else may be asked. Further calls do nothing. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const tensor of this.#owned) tensor.dispose();
    this.#constants.dispose();
  }

  #requireAlive(): void {
    if (this.#disposed) throw new Error("This trace has been disposed of.");
  }

  #value(id: number): Tensor {
    const value = this.#values.get(id);
    if (value === undefined) throw new Error(`Value ${id} was not recorded.`);
    return value;
  }

  #flatten(
    tensorOf: (variable: Program["variables"][number]) => Tensor | undefined,
    variables = this.#program.variables,
  ): Float32Array {
    const flat = new Float32Array(variables.reduce((sum, variable) => sum + variable.size, 0));
    let offset = 0;
    for (const variable of variables) {
      const tensor = tensorOf(variable);
      if (tensor !== undefined) flat.set(this.#kernels.read(tensor), offset);
      offset += variable.size;
    }
    return flat;
  }

  #seed(direction: ArrayLike<number>): Map<number, Tensor> {
    const { variables } = this.#program;
    const tangents = new Map<number, Tensor>();
    splitFlat(direction, variables).forEach((part, index) => {
      const variable = variables[index];
      for (const id of variable?.values ?? [])
        tangents.set(id, this.#kernels.tensor(part.slice(), variable?.shape ?? []));
    });
    return tangents;
  }

  /** Computes the tangents of one operation's outputs, and frees those that nothing later reads. */
  #push({ operation, rule, lastUses }: ActiveOperation, tangents: Map<number, Tensor>): void {
    const inputTangents = Object.values(operation.inputs).map((id) => tangents.get(id));
    const results = this.#engine.tidy(() => {
      const result = rule(this.#context(operation, tangents));
      const list: readonly (Tensor | undefined)[] = result === undefined ? [] : "id" in result ? [result] : result;
      // A rule may hand through a tangent that it was given, which may be freed before its new name is read.
      return list.map((tensor) =>
        tensor !== undefined && inputTangents.includes(tensor) ? this.#kernels.alias(tensor) : tensor,
      );
    });
    results.forEach((tangent, index) => {
      const id = operation.outputs[index];
      if (tangent !== undefined && id !== undefined) tangents.set(id, tangent);
    });
    for (const id of lastUses) {
      tangents.get(id)?.dispose();
      tangents.delete(id);
    }
  }

  #context(operation: Operation, tangents: ReadonlyMap<number, Tensor>): RuleContext {
    const idOf = (name: string) => operation.inputs[name];
    const input = (name: string) => {
      const id = idOf(name);
      if (id === undefined) throw new Error(`${operation.kernelName} was called without its input ${name}.`);
      return this.#value(id);
    };
    const inputNames = Object.keys(operation.inputs);
    const outputs = operation.outputs.map((id) => this.#value(id));
    const [output] = outputs;
    if (output === undefined) throw new Error(`${operation.kernelName} has no output.`);
    return {
      kernels: this.#kernels,
      kernelName: operation.kernelName,
      attributes: operation.attributes,
      inputNames,
      takesList: operation.takesList,
      input,
      has: (name) => idOf(name) !== undefined,
      tangent: (name) => {
        const id = idOf(name);
        return id === undefined ? undefined : tangents.get(id);
      },
      outputs,
      output,
      constant: (name, make, of) => this.#constants.get(of ?? operation, name, make),
      rerun: (replacements) => runOperation(this.#kernels, operation, (name) => replacements[name] ?? input(name)),
    };
  }
}

/**
 * Parts of a flat vector, one for each variable in order, each a copy.
 *
 * @throws RangeError where its length is not the count of parameters.
 */
export function splitFlat(flat: ArrayLike<number>, variables: Program["variables"]): Float32Array<ArrayBuffer>[] {
  const parameterCount = variables.reduce((sum, variable) => sum + variable.size, 0);
  if (flat.length !== parameterCount) {
    throw new RangeError(`A vector of ${flat.length} elements was given for ${parameterCount} parameters.`);
  }
  const single = new Float32Array(flat);
  let offset = 0;
  return variables.map(({ size }) => {
    offset += size;
    return single.slice(offset - size, offset);
  });
}

/** Runs a recorded operation anew on the inputs given. */
export function runOperation(kernels: Kernels, operation: Operation, input: (name: string) => Tensor): Tensor[] {
  const named = Object.fromEntries(Object.keys(operation.inputs).map((name) => [name, input(name)]));
  const inputs = operation.takesList ? Object.assign([], Object.values(named)) : named;
  return kernels.runMany(operation.kernelName, inputs as typeof named, operation.attributes);
}
