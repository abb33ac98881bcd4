import type { Engine, Tensor } from "../engine.ts";

type Values = Float32Array | Int32Array | Uint8Array;

interface WasmBackend {
  makeOutput(shape: number[], dtype: string): { readonly dataId: object };
  typedArrayFromHeap(tensor: Pick<Tensor, "dataId" | "shape" | "dtype">): Values;
}

/**
 * Tensors of the WebAssembly backend as arrays in its memory, for kernels that a loop in JavaScript computes faster than any
 * that the backend has. An array is dead once any other tensor has been made: the memory may have been moved.
 */
export class WasmHeap {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** A new tensor whose elements are whatever lay in memory. */
  output(shape: readonly number[], dtype: string): Tensor {
    const { dataId } = this.#backend.makeOutput([...shape], dtype);
    return this.#engine.makeTensorFromDataId(dataId, shape, dtype);
  }

  values(tensor: Tensor): Values {
    return this.#backend.typedArrayFromHeap(tensor);
  }

  get #backend(): WasmBackend {
    return this.#engine.backend as unknown as WasmBackend;
  }
}
