import type { KernelConfig, NamedTensors } from "../engine.ts";
import type { DeviceTensor, OpenDevice } from "./device.ts";
import type { CallAnswer, CallMessage, Command, MemoryAnswer, OutputMessage, Values } from "./protocol.ts";

/** Kernels that read their inputs synchronously, which is possible once they have been read. */
const readsInputs = /^(NonMaxSuppression|Sparse|String)/;

/** A call that may be repeated. */
interface Form {
  readonly call: CallMessage;
  readonly outputs: readonly DeviceTensor[];
}

/** A kernel has refused its inputs. */
export class Refusal extends Error {}

/** Carries out commands on TensorFlow.js's WebGPU backend, in the thread that has the device. */
export class Executor {
  readonly #device: OpenDevice;
  readonly #dataIds = new Map<number, object>();
  readonly #handles = new Map<object, number>();
  readonly #forms = new Map<number, Form>();

  constructor(device: OpenDevice) {
    this.#device = device;
  }

  /**
   * What the command is answered with; undefined for commands without an answer. Throws `Refusal` where a kernel called for the first
   * time fails; any other error means that results are lost.
   */
  execute(command: Command): unknown {
    switch (command[0]) {
      case "write":
        this.#keep(command[1], this.#device.backend.write(command[2], command[3], command[4]));
        return undefined;
      case "call":
        return this.#call(command[1]);
      case "repeat":
        this.#repeat(command[1], command[2], command[3]);
        return undefined;
      case "forget":
        this.#forms.clear();
        return undefined;
      case "release":
        this.#release(command[1], command[2]);
        return undefined;
      case "flag":
        this.#device.engine.ENV.set(command[1], command[2]);
        return undefined;
      case "read":
        return this.#read(this.#dataIdOf(command[1]));
      case "memory": {
        const { numBytesUsed, numBytesAllocated } = this.#device.backend.bufferManager;
        return { used: numBytesUsed, allocated: numBytesAllocated } satisfies MemoryAnswer;
      }
      case "settle":
        return this.#settle();
    }
  }

  async #call(call: CallMessage): Promise<CallAnswer> {
    if (readsInputs.test(call.kernelName)) {
      for (const handle of call.handles) await this.#device.backend.read(this.#dataIdOf(handle));
    }
    let result;
    try {
      result = this.#run(call, call.handles);
    } catch (error) {
      throw new Refusal(error instanceof Error ? error.message : String(error));
    }
    const tensors = [result].flat();
    let next = call.firstOutput;
    const outputs = tensors.map(({ dataId, shape, dtype }): OutputMessage => {
      const handle = this.#handles.get(dataId) ?? this.#keep(next++, dataId);
      return { handle, shape: [...shape], dtype };
    });
    if (call.form !== undefined) this.#forms.set(call.form, { call, outputs: tensors });
    return { outputs, isList: Array.isArray(result) };
  }

  #repeat(form: number, inputs: readonly number[], foretold: readonly number[]): void {
    const known = this.#forms.get(form);
    if (known === undefined) throw new Error("A kernel was to be repeated that is not known.");
    const tensors = [this.#run(known.call, inputs)].flat();
    const isForetold = tensors.every(({ dataId, shape, dtype }, index) => {
      const handle = foretold[index];
      const expected = known.outputs[index];
      if (handle === undefined || expected === undefined) return false;
      const agrees = dtype === expected.dtype && shape.join() === expected.shape.join();
      const held = this.#handles.get(dataId);
      if (held === undefined && !this.#dataIds.has(handle)) this.#keep(handle, dataId);
      else if (held !== handle) return false;
      return agrees;
    });
    if (!isForetold || tensors.length !== foretold.length) {
      throw new Error(
        `The kernel ${known.call.kernelName} gave other tensors than before for inputs of the same shapes.`,
      );
    }
  }

  #run(
    { kernelName, names, shapes, dtypes, attributes }: CallMessage,
    handles: readonly number[],
  ): DeviceTensor | DeviceTensor[] {
    const { backend, registry } = this.#device;
    const kernel = registry.get(`webgpu_${kernelName}`);
    if (kernel === undefined) throw new Error(`The kernel ${kernelName} is not registered for WebGPU.`);
    const tensors = handles.map((handle, index): DeviceTensor => {
      return { dataId: this.#dataIdOf(handle), shape: shapes[index] ?? [], dtype: dtypes[index] ?? "float32" };
    });
    const inputs =
      names === undefined ? tensors : Object.fromEntries(names.map((name, index) => [name, tensors[index]]));
    return run(kernel, { inputs: inputs as unknown as NamedTensors, attrs: { ...attributes }, backend });
  }

  async #read(dataId: object): Promise<Values> {
    const { backend } = this.#device;
    const values = await backend.read(dataId);
    const data = backend.tensorMap.get(dataId);
    // The device has the values: the copy, which the backend would keep as well, is handed over.
    if (data.resource !== undefined && data.resource !== null) data.values = null;
    return values;
  }

  async #settle(): Promise<null> {
    const { backend } = this.#device;
    if (backend.commandEncoder !== null) {
      backend.endComputePassEncoder();
      backend.submitQueue();
    }
    await backend.device.queue.onSubmittedWorkDone();
    return null;
  }

  #release(handle: number, times: number): void {
    const dataId = this.#dataIdOf(handle);
    this.#dataIds.delete(handle);
    this.#handles.delete(dataId);
    for (let time = 0; time < times; time++) this.#device.backend.disposeData(dataId);
  }

  #keep(handle: number, dataId: object): number {
    this.#dataIds.set(handle, dataId);
    this.#handles.set(dataId, handle);
    return handle;
  }

  #dataIdOf(handle: number): object {
    const dataId = this.#dataIds.get(handle);
    if (dataId === undefined) throw new Error("A tensor was named that is not on the device.");
    return dataId;
  }
}

function run(kernel: KernelConfig, call: Parameters<KernelConfig["kernelFunc"]>[0]): DeviceTensor | DeviceTensor[] {
  return kernel.kernelFunc(call) as DeviceTensor | DeviceTensor[];
}
