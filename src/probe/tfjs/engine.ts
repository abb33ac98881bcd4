/**
 * The parts of TensorFlow.js's engine that the probe relies on, from 3.21 to 4.22.
 *
 * Every copy of TensorFlow.js in a process shares one engine, `globalThis._tfengine`. The probe drives that engine and imports
 * no TensorFlow.js of its own, so it works with whatever copy, version or bundle the script has loaded.
 */

/** A tensor of the script's own TensorFlow.js. `dataId` names its buffer: tensors that share a buffer share it. */
export interface Tensor {
  readonly id: number;
  readonly dataId: object;
  readonly shape: number[];
  readonly dtype: string;
  /** Number of elements. */
  readonly size: number;
  /** Set by `Engine.keep`: no scope's end disposes the tensor. */
  kept?: boolean;
  readonly isDisposed: boolean;
  dispose(): void;
}

/** A variable: its `id` stays while `assign` changes its `dataId`. */
export interface Variable extends Tensor {
  readonly name: string;
  readonly trainable: boolean;
  assign(value: Tensor): void;
}

export type NamedTensors = Readonly<Record<string, Tensor | undefined>>;

/** Non-tensor arguments of a kernel: strides, axes, shapes. */
export type Attributes = Readonly<Record<string, unknown>>;

/** What `Engine.runKernelFunc` is called with: a registered kernel, or the forward and backward functions of a custom gradient. */
export interface KernelCall {
  readonly kernelName?: string;
  readonly inputs: NamedTensors;
  readonly attrs?: Attributes;
}

/** Result of `Engine.gradients`; `grads` has one entry for each of the `xs`, null or undefined where the loss does not depend on it. */
export interface GradientEvaluation {
  readonly value: Tensor;
  readonly grads: readonly (Tensor | null | undefined)[];
}

interface Backend {
  readSync(dataId: object): ArrayLike<number>;
  /** Counts one more tensor on the buffer; disposing of a tensor counts one less. */
  incRef(dataId: object): void;
  /** Tensors on the buffer, as counted by `incRef`. */
  refCount(dataId: object): number;
}

/** What `tf.memory` reports, besides what backends add. */
export interface MemoryCounts {
  readonly numTensors: number;
  readonly numDataBuffers: number;
  readonly numBytes: number;
}

interface EngineState {
  readonly registeredVariables: Readonly<Record<string, Variable>>;
  /** Above zero while a kernel runs: nothing is then written to the gradient tape. */
  kernelDepth: number;
  /** Above zero while a function is being taped. */
  gradientDepth: number;
  readonly numTensors: number;
  /** Whether `tf.profile` keeps a list of the kernels that run. */
  readonly profiling: boolean;
  readonly tensorInfo: { get(dataId: object): { readonly backend: Backend } | undefined };
  readonly numBytes: number;
}

export interface Engine {
  readonly state: EngineState;
  readonly backendName: string;
  readonly backend: Backend;
  readonly registeredVariables: Readonly<Record<string, Variable>>;
  runKernel(kernelName: string, inputs: NamedTensors, attributes?: Attributes): Tensor | Tensor[];
  runKernelFunc(call: KernelCall): Tensor | Tensor[];
  gradients(
    evaluate: () => Tensor,
    xs: readonly Tensor[],
    dy?: Tensor | null,
    allowNoGradients?: boolean,
  ): GradientEvaluation;
  makeTensor(values: Float32Array | Int32Array | Uint8Array, shape: readonly number[], dtype: string): Tensor;
  /** A new tensor on an existing buffer, which the caller has to count by `Backend.incRef`; by default the current backend's. */
  makeTensorFromDataId(dataId: object, shape: readonly number[], dtype: string, backend?: Backend): Tensor;
  /** A registered backend, made where it has not been yet; null where there is none of that name or it starts asynchronously. */
  findBackend(name: string): Backend | null;
  makeVariable(initialValue: Tensor, trainable?: boolean, name?: string, dtype?: string): Variable;
  keep<T extends Tensor>(tensor: T): T;
  tidy<T>(run: () => T): T;
  readSync(dataId: object): ArrayLike<number>;
  memory(): MemoryCounts;
}

/** A kernel's implementation for one backend, as the process-wide registry holds it. */
export interface KernelConfig {
  readonly kernelName: string;
  readonly backendName: string;
  readonly kernelFunc: (call: {
    readonly inputs: NamedTensors;
    readonly attrs: Attributes;
    readonly backend: unknown;
  }) => unknown;
}

/** Keys are `backend_kernel`, as `wasm_BatchMatMul`. */
export type KernelRegistry = Map<string, KernelConfig>;

interface Globals {
  _tfengine?: Engine;
  _tfGlobals?: Map<string, unknown>;
}

/** Whether every kernel that runs is shown to the script, or printed. */
export function showsKernels(engine: Engine): boolean {
  const { state, ENV } = engine as Engine & { readonly ENV: { getBool(flag: string): boolean } };
  return state.profiling || ENV.getBool("DEBUG");
}

/** The engine of this process, if some copy of TensorFlow.js has made one. */
export function currentEngine(): Engine | undefined {
  return (globalThis as Globals)._tfengine;
}

/** The kernels registered in this process, for all backends; undefined before TensorFlow.js has loaded. */
export function currentKernelRegistry(): KernelRegistry | undefined {
  return (globalThis as Globals)._tfGlobals?.get("kernelRegistry") as KernelRegistry | undefined;
}

const composed = new WeakSet<KernelConfig>();

/** Registers a kernel that the probe composes of others. */
export function registerComposed(registry: KernelRegistry, config: KernelConfig): void {
  composed.add(config);
  registry.set(`${config.backendName}_${config.kernelName}`, config);
}

/** Whether the current backend's kernel of that name was registered by `registerComposed`. */
export function isComposed(engine: Engine, kernelName: string): boolean {
  const config = currentKernelRegistry()?.get(`${engine.backendName}_${kernelName}`);
  return config !== undefined && composed.has(config);
}
