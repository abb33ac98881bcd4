import type { Attributes, KernelRegistry, NamedTensors, Tensor } from "../engine.ts";
import type { Channel } from "./channel.ts";
import type { CallAnswer, CallMessage } from "./protocol.ts";
import type { RemoteBackend, TensorInfo } from "./remoteBackend.ts";

/** Kernels whose outputs have shapes that depend on values: each call is waited for. */
const unforeseeable = /^(NonMaxSuppression|Ragged|Sparse|String|Unique|Where)/;

/** Forms kept; a script whose attributes are new each time, as random seeds, would have ever more. */
const mostForms = 20_000;

/** A call as it was answered: an output is new, or on the buffer of the input of that index. */
interface Form {
  readonly number: number;
  readonly outputs: readonly { readonly shape: readonly number[]; readonly dtype: string; readonly from: number }[];
  readonly isList: boolean;
}

/**
 * Runs kernels on the device's thread. The first call of a kernel with certain shapes and attributes is waited for, as it tells
 * which outputs there are; later ones are only sent, and the device's thread holds them to what has been foretold.
 */
export class RemoteKernels {
  readonly #channel: Channel;
  readonly #backend: RemoteBackend;
  readonly #forms = new Map<string, Form>();

  constructor(channel: Channel, backend: RemoteBackend) {
    this.#channel = channel;
    this.#backend = backend;
  }

  /** Replaces all kernels of the backend in this process's registry, so that they run where the device is. */
  register(registry: KernelRegistry, backendName: string): void {
    for (const [key, config] of registry) {
      if (config.backendName !== backendName) continue;
      const { kernelName } = config;
      registry.set(key, {
        kernelName,
        backendName,
        kernelFunc: ({ inputs, attrs }) => this.run(kernelName, inputs, attrs),
      });
    }
  }

  run(kernelName: string, inputs: NamedTensors, attributes: Attributes = {}): TensorInfo | TensorInfo[] {
    const named = present(kernelName, inputs);
    const handles = named.map(([, tensor]) => this.#backend.handleOf(tensor.dataId));
    const key = unforeseeable.test(kernelName) ? undefined : keyOf(kernelName, named, attributes);
    const form = key === undefined ? undefined : this.#forms.get(key);
    if (form !== undefined) return this.#repeat(form, handles);

    if (this.#forms.size >= mostForms) this.#forget();
    const call: CallMessage = {
      kernelName,
      ...(!Array.isArray(inputs) && { names: named.map(([name]) => name) }),
      handles,
      shapes: named.map(([, { shape }]) => shape),
      dtypes: named.map(([, { dtype }]) => dtype),
      attributes: { ...attributes },
      firstOutput: this.#backend.nextHandle,
      ...(key !== undefined && { form: this.#forms.size }),
    };
    const { outputs, isList } = this.#channel.ask(["call", call]) as CallAnswer;
    if (key !== undefined) this.#learn(key, call, outputs, isList);
    const tensors = outputs.map(({ handle, shape, dtype }) => this.#adopt(handle, shape, dtype));
    return packed(tensors, isList);
  }

  #repeat(form: Form, handles: readonly number[]): TensorInfo | TensorInfo[] {
    let next = this.#backend.nextHandle;
    const outputs = form.outputs.map(({ from }) => handles[from] ?? next++);
    this.#channel.send(["repeat", form.number, handles, outputs]);
    const tensors = form.outputs.map(({ shape, dtype }, index) => this.#adopt(outputs[index] ?? -1, shape, dtype));
    return packed(tensors, form.isList);
  }

  #learn(key: string, call: CallMessage, outputs: CallAnswer["outputs"], isList: boolean): void {
    const { handles, firstOutput } = call;
    const from = outputs.map(({ handle }) => (handle >= firstOutput ? -1 : handles.indexOf(handle)));
    const isNew = outputs.filter(({ handle }) => handle >= firstOutput).map(({ handle }) => handle);
    // Of an output that shares a buffer in some other way, the next call's cannot be foretold.
    const isPlain = outputs.every(({ handle }, index) => handle >= firstOutput || from[index] !== -1);
    if (!isPlain || (isNew.length < outputs.length && handles.length > 1) || new Set(isNew).size < isNew.length) return;
    const described = outputs.map(({ shape, dtype }, index) => ({ shape, dtype, from: from[index] ?? -1 }));
    this.#forms.set(key, { number: this.#forms.size, outputs: described, isList });
  }

  #forget(): void {
    this.#forms.clear();
    this.#channel.send(["forget"]);
  }

  #adopt(handle: number, shape: readonly number[], dtype: string): TensorInfo {
    return { dataId: this.#backend.adopt(handle), shape: [...shape], dtype };
  }
}

function packed(tensors: TensorInfo[], isList: boolean): TensorInfo | TensorInfo[] {
  const [only] = tensors;
  return isList || only === undefined ? tensors : only;
}

/** Inputs that are there, by name; a list's names are its indices. */
function present(kernelName: string, inputs: NamedTensors): [string, Tensor][] {
  return Object.entries(inputs).flatMap(([name, tensor]): [string, Tensor][] => {
    if (tensor === undefined || (tensor as unknown) === null) return [];
    if (Array.isArray(tensor)) throw new Error(`${kernelName} takes a list among its named inputs.`);
    return [[name, tensor]];
  });
}

/** Equal for calls that differ in their tensors' values alone. */
function keyOf(kernelName: string, inputs: readonly (readonly [string, Tensor])[], attributes: Attributes): string {
  const described = inputs.map(([name, { dtype, shape }]) => `${name}:${dtype}[${shape.join()}]`);
  return `${kernelName}(${described.join()})${written(attributes)}`;
}

/** Unlike JSON, it tells infinities, NaN, undefined and negative zero apart. */
function written(value: unknown): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(written).join()}]`;
  return `{${Object.entries(value)
    .map(([name, entry]) => `${name}:${written(entry)}`)
    .join()}}`;
}
