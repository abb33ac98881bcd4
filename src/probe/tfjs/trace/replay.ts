import type { Engine, Tensor } from "../engine.ts";
import { Kernels } from "./kernels.ts";
import type { Operation } from "./operation.ts";
import { offTape, runOperation } from "./tracePoint.ts";

/** Runs recorded operations anew, on some values that are others than those recorded. */
export class Replay {
  readonly #engine: Engine;
  readonly #values: Map<number, Tensor>;
  readonly #owned: Tensor[] = [];

  /** @param recorded values by id that stay as they are; they remain the caller's. */
  constructor(engine: Engine, recorded: ReadonlyMap<number, Tensor>) {
    this.#engine = engine;
    this.#values = new Map(recorded);
  }

  get values(): ReadonlyMap<number, Tensor> {
    return this.#values;
  }

  /** What was made here, which whoever uses it has to dispose. */
  get owned(): readonly Tensor[] {
    return this.#owned;
  }

  /** Sets a value; only within `run`'s `prepare`. */
  make(
    id: number,
    values: Float32Array | Int32Array | Uint8Array,
    shape: readonly number[],
    dtype: Tensor["dtype"],
  ): void {
    this.#own(id, this.#engine.makeTensor(values, shape, dtype));
  }

  /** Sets the values that differ, and runs the operations in order; if that fails, nothing is left of it. */
  run(operations: readonly Operation[], prepare: () => void): void {
    const kernels = new Kernels(this.#engine);
    try {
      offTape(this.#engine, () => {
        prepare();
        for (const operation of operations) {
          const outputs = runOperation(kernels, operation, (name) => {
            const value = this.#values.get(operation.inputs[name] ?? Number.NaN);
            if (value === undefined) throw new Error(`${operation.kernelName}'s input ${name} was not recorded.`);
            return value;
          });
          operation.outputs.forEach((id, index) => {
            const output = outputs[index];
            if (output !== undefined) this.#own(id, output);
          });
        }
      });
    } catch (error) {
      for (const tensor of this.#owned) tensor.dispose();
      throw error;
    }
  }

  #own(id: number, tensor: Tensor): void {
    this.#values.set(id, tensor);
    this.#owned.push(this.#engine.keep(tensor));
  }
}
