import type { Tensor } from "../engine.ts";
import { DeviceFailure, type Channel } from "./channel.ts";
import type { MemoryAnswer, Values } from "./protocol.ts";

/** A buffer on the device, as the training thread knows it. */
interface Buffer {
  readonly handle: number;
  /** Tensors on it. */
  references: number;
  /** Times that the device's thread has handed it out: a kernel that shares its input's buffer hands that out again. */
  handedOut: number;
}

/** The engine moves a tensor's values from the backend that has them. */
export interface MovingEngine {
  moveData(backend: object, dataId: object): void;
}

/**
 * TensorFlow.js's backend interface on the training thread, for tensors that another thread keeps on a GPU. Every read is synchronous,
 * and as dear as a GPU's read is: it waits for all that comes before.
 */
export class RemoteBackend {
  readonly #channel: Channel;
  readonly #engine: MovingEngine;
  readonly #buffers = new Map<object, Buffer>();
  readonly #dataIds = new Map<number, object>();
  #nextHandle = 0;

  constructor(channel: Channel, engine: MovingEngine) {
    this.#channel = channel;
    this.#engine = engine;
  }

  write(values: Values | null, shape: readonly number[], dtype: string): object {
    const dataId = this.adopt(this.#nextHandle);
    this.#send(dataId, values, shape, dtype);
    return dataId;
  }

  /** Takes over a tensor that another backend had. */
  move(dataId: object, values: Values, shape: readonly number[], dtype: string, references: number): void {
    const handle = this.#nextHandle++;
    this.#buffers.set(dataId, { handle, references, handedOut: 1 });
    this.#dataIds.set(handle, dataId);
    this.#send(dataId, values, shape, dtype);
  }

  readSync(dataId: object): Values {
    return this.#channel.ask(["read", this.handleOf(dataId)]) as Values;
  }

  read(dataId: object): Promise<Values> {
    return new Promise((resolve) => {
      resolve(this.readSync(dataId));
    });
  }

  /** Takes a tensor off a buffer; true where none is left, and the buffer is given back. */
  disposeData(dataId: object, force = false): boolean {
    const buffer = this.#buffers.get(dataId);
    if (buffer === undefined) return true;
    buffer.references = force ? 0 : buffer.references - 1;
    if (buffer.references > 0) return false;
    this.#buffers.delete(dataId);
    this.#dataIds.delete(buffer.handle);
    if (!this.#channel.hasFailed) this.#channel.send(["release", buffer.handle, buffer.handedOut]);
    return true;
  }

  incRef(dataId: object): void {
    const buffer = this.#buffers.get(dataId);
    if (buffer !== undefined) buffer.references++;
  }

  decRef(dataId: object): void {
    const buffer = this.#buffers.get(dataId);
    if (buffer !== undefined) buffer.references--;
  }

  refCount(dataId: object): number {
    return this.#buffers.get(dataId)?.references ?? 0;
  }

  numDataIds(): number {
    return this.#buffers.size;
  }

  memory(): { unreliable: boolean; numBytesInGPU: number; numBytesAllocatedInGPU: number } {
    const { used, allocated } = this.#channel.ask(["memory"]) as MemoryAnswer;
    return { unreliable: false, numBytesInGPU: used, numBytesAllocatedInGPU: allocated };
  }

  /** Milliseconds until the device is done. */
  time(run: () => void): Promise<{ kernelMs: number }> {
    return new Promise((resolve) => {
      this.settle();
      const start = performance.now();
      run();
      this.settle();
      resolve({ kernelMs: performance.now() - start });
    });
  }

  timerAvailable(): boolean {
    return true;
  }

  floatPrecision(): 32 {
    return 32;
  }

  /** As all backends of this precision have it. */
  epsilon(): number {
    return 1e-7;
  }

  dispose(): void {
    for (const dataId of [...this.#buffers.keys()]) this.disposeData(dataId, true);
  }

  /** Waits until the device has done everything. */
  settle(): void {
    this.#channel.ask(["settle"]);
  }

  /** Waits for the device before the process ends, so that none of its errors is missed. */
  finish(): void {
    try {
      this.settle();
    } catch (error) {
      if (!(error instanceof DeviceFailure)) throw error;
      this.#channel.awaitRest();
    }
  }

  /** The handle of a tensor's buffer, which is fetched from another backend if that has it. */
  handleOf(dataId: object): number {
    const known = this.#buffers.get(dataId);
    if (known !== undefined) return known.handle;
    this.#engine.moveData(this, dataId);
    const moved = this.#buffers.get(dataId);
    if (moved === undefined) throw new Error("A tensor's values are on no backend: it has been disposed.");
    return moved.handle;
  }

  /** The handle that the next new buffer gets. */
  get nextHandle(): number {
    return this.#nextHandle;
  }

  /** Counts a tensor on a buffer that a kernel has handed out, new or known. */
  adopt(handle: number): object {
    const known = this.#dataIds.get(handle);
    const buffer = known && this.#buffers.get(known);
    if (known !== undefined && buffer !== undefined) {
      buffer.references++;
      buffer.handedOut++;
      return known;
    }
    const dataId = { id: handle };
    this.#buffers.set(dataId, { handle, references: 1, handedOut: 1 });
    this.#dataIds.set(handle, dataId);
    this.#nextHandle = Math.max(this.#nextHandle, handle + 1);
    return dataId;
  }

  /** The arrays that a script gives may change afterwards, so that the command takes a copy. */
  #send(dataId: object, values: Values | null, shape: readonly number[], dtype: string): void {
    const copy = values?.slice() ?? null;
    this.#channel.send(["write", this.handleOf(dataId), copy, [...shape], dtype], copy ?? undefined);
  }
}

/** What a kernel gives: enough for the engine to make a tensor of. */
export type TensorInfo = Pick<Tensor, "dataId" | "shape" | "dtype">;
