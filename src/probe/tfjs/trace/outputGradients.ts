import type { Engine, Tensor } from "../engine.ts";
import { Kernels } from "./kernels.ts";
import type { Operation } from "./operation.ts";
import type { Trace } from "./trace.ts";
import { offTape, runOperation } from "./tracePoint.ts";

/** Values of a recorded evaluation, as recorded or replayed. */
interface Values {
  primal(id: number): Tensor | undefined;
}

/**
 * Gradients of sums of a network's outputs: the recorded backward pass, begun anew behind the loss with whatever stands for the
 * loss's derivative by the outputs. Exact also where examples are coupled, as by batch normalization.
 */
export class OutputGradients {
  readonly #engine: Engine;
  readonly #kernels: Kernels;
  readonly #trace: Trace;
  /** Id of the loss's derivative by the outputs. */
  readonly #derivative: number;
  readonly #operations: readonly Operation[];

  private constructor(engine: Engine, trace: Trace, derivative: number) {
    this.#engine = engine;
    this.#kernels = new Kernels(engine);
    this.#trace = trace;
    this.#derivative = derivative;
    const changing = new Set([derivative]);
    this.#operations = trace.operations.filter((operation) => {
      const depends = Object.values(operation.inputs).some((id) => changing.has(id));
      if (depends) for (const id of operation.outputs) changing.add(id);
      return depends;
    });
  }

  /**
   * Undefined where the derivative by the outputs is not found in the record.
   *
   * @param product the last layer's product of features `a` and weights `b`, whose gradient is aᵀ times that derivative.
   */
  static of(engine: Engine, trace: Trace, product: Operation): OutputGradients | undefined {
    const backward = trace.operations.filter(({ pass }) => pass === "backward");
    const found = weightProducts(trace, product);
    let derivative = found.length === 1 ? found[0]?.inputs["b"] : undefined;
    for (;;) {
      const producer = backward.find(({ outputs }) => derivative !== undefined && outputs.includes(derivative));
      if (producer?.kernelName !== "Reshape") break;
      derivative = producer.inputs["x"];
    }
    return derivative === undefined ? undefined : new OutputGradients(engine, trace, derivative);
  }

  /**
   * Gradients of ⟨cᵢ, outputs⟩ with respect to the weights, flat in the order of the variables, for each cᵢ.
   *
   * @param at the trace itself, or a replay of it at other weights.
   * @param coefficients flat, of the outputs' size each.
   */
  *rows(at: Values, coefficients: Iterable<Float32Array>): Generator<Float32Array> {
    // Weight penalties add to gradients what does not depend on the outputs.
    let constant: Float32Array | undefined;
    for (const each of coefficients) {
      constant ??= this.#gradient(at, new Float32Array(each.length));
      const row = this.#gradient(at, each);
      for (let index = 0; index < row.length; index++) row[index] = (row[index] ?? 0) - (constant[index] ?? 0);
      yield row;
    }
  }

  /**
   * Derivatives of ⟨c, outputs⟩ by values between weights and outputs, as the recorded backward pass has them on its way.
   *
   * @param ids of the loss's derivatives by these values.
   * @returns each flat; undefined for what does not depend on the loss.
   */
  between(at: Values, coefficients: Float32Array, ids: readonly number[]): (Float32Array | undefined)[] {
    return this.#pull(at, coefficients, (values) =>
      ids.map((id) => {
        const value = values.get(id);
        return value && Float32Array.from(this.#kernels.read(value));
      }),
    );
  }

  #gradient(at: Values, coefficients: Float32Array): Float32Array {
    return this.#pull(at, coefficients, (values) => {
      const flat = new Float32Array(this.#trace.parameterCount);
      let offset = 0;
      for (const { gradient, size } of this.#trace.variables) {
        const value = values.get(gradient);
        if (value !== undefined) flat.set(this.#kernels.read(value), offset);
        offset += size;
      }
      return flat;
    });
  }

  #pull<T>(at: Values, coefficients: Float32Array, read: (values: ReadonlyMap<number, Tensor>) => T): T {
    return offTape(this.#engine, () => {
      const recorded = at.primal(this.#derivative);
      if (recorded?.size !== coefficients.length) throw new Error("There are other than one coefficient an output.");
      const values = new Map([[this.#derivative, this.#kernels.tensor(coefficients, recorded.shape)]]);
      for (const operation of this.#operations) {
        const outputs = runOperation(this.#kernels, operation, (name) => {
          const id = operation.inputs[name] ?? Number.NaN;
          const value = values.get(id) ?? at.primal(id);
          if (value === undefined) throw new Error(`${operation.kernelName}'s input ${name} was not recorded.`);
          return value;
        });
        operation.outputs.forEach((id, index) => {
          const output = outputs[index];
          if (output !== undefined) values.set(id, output);
        });
      }
      return read(values);
    });
  }
}

/** Products of the backward pass that give a gradient aᵀ·d of what a product's features a are multiplied by; d are derivatives. */
export function weightProducts({ operations }: Pick<Trace, "operations">, product: Operation): Operation[] {
  return operations.filter(
    ({ pass, kernelName, inputs, attributes }) =>
      pass === "backward" &&
      kernelName === "BatchMatMul" &&
      attributes["transposeA"] === true &&
      inputs["a"] === product.inputs["a"],
  );
}
