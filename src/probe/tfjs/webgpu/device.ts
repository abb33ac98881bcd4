import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { currentEngine, currentKernelRegistry, type Engine, type KernelRegistry } from "../engine.ts";
import type { Values } from "./protocol.ts";

/** What is used of the package `webgpu`, which is Dawn for Node. */
export interface Dawn {
  readonly create: (flags: readonly string[]) => Gpu;
  readonly globals: Readonly<Record<string, unknown>>;
}

interface Gpu {
  requestAdapter(options?: { powerPreference: "high-performance" }): Promise<Adapter | null>;
}

interface Adapter {
  readonly info?: { readonly description?: string; readonly device?: string; readonly isFallbackAdapter?: boolean };
}

/** What is used of the WebGPU device. */
interface Device {
  readonly queue: { onSubmittedWorkDone(): Promise<void> };
  readonly lost: Promise<{ readonly message: string }>;
  addEventListener(
    type: "uncapturederror",
    listener: (event: { readonly error: { readonly message: string } }) => void,
  ): void;
}

/** A tensor as kernels take and give it. */
export interface DeviceTensor {
  readonly dataId: object;
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** The parts of TensorFlow.js's WebGPU backend that are relied on; version 4.22. */
export interface WebGpuBackend {
  readonly device: Device;
  readonly tensorMap: {
    get(dataId: object): { readonly dtype: string; values: Values | null; readonly resource?: unknown };
  };
  /** Commands recorded and not yet submitted. */
  readonly commandEncoder: unknown;
  readonly bufferManager: { readonly numBytesUsed: number; readonly numBytesAllocated: number };
  write(values: Values | null, shape: readonly number[], dtype: string): object;
  read(dataId: object): Promise<Values>;
  disposeData(dataId: object): boolean;
  endComputePassEncoder(): void;
  submitQueue(): void;
  runWebGPUProgram(
    program: Program,
    inputs: readonly DeviceTensor[],
    outputDtype: string,
    ...rest: unknown[]
  ): DeviceTensor;
}

/** A kernel's shader before it is compiled. */
export interface Program {
  getUserCode(): string;
}

export interface OpenDevice {
  readonly engine: Engine & { readonly ENV: { set(name: string, value: unknown): void } };
  readonly backend: WebGpuBackend;
  readonly registry: KernelRegistry;
}

/** Loads Dawn. Without an adapter in sight it says so on the process's standard error, in its own words. */
export async function loadDawn(file: string): Promise<Dawn> {
  return (await import(pathToFileURL(file).href)) as Dawn;
}

/** The adapter that TensorFlow.js will ask for; null where there is none. */
export async function findAdapter({ create }: Dawn): Promise<Adapter | null> {
  return create([]).requestAdapter({ powerPreference: "high-performance" });
}

/** Sets up TensorFlow.js's WebGPU backend in this thread. Throws where there is no adapter. */
export async function openDevice(dawnFile: string, backendFile: string): Promise<OpenDevice> {
  const { create, globals } = await loadDawn(dawnFile);
  for (const [name, value] of Object.entries(globals)) {
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  Object.defineProperty(globalThis.navigator, "gpu", { value: create([]), configurable: true });
  createRequire(backendFile)(backendFile);
  const engine = currentEngine() as (OpenDevice["engine"] & { setBackend(name: string): Promise<boolean> }) | undefined;
  const registry = currentKernelRegistry();
  if (engine === undefined || registry === undefined) throw new Error("TensorFlow.js has not loaded.");
  if (!(await engine.setBackend("webgpu"))) throw new Error("TensorFlow.js cannot use the adapter.");
  return { engine, registry, backend: engine.backend as unknown as WebGpuBackend };
}
