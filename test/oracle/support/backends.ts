import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import { currentEngine, currentKernelRegistry, type Engine } from "../../../src/probe/tfjs/engine.ts";
import { installWasmKernels } from "../../../src/probe/tfjs/wasm/installWasmKernels.ts";

export type BackendName = "cpu" | "wasm" | "webgpu";

/** Makes a backend the current one, WebAssembly with the composed kernels, and gives the process's engine. */
export async function useBackend(name: BackendName): Promise<Engine> {
  if (name === "webgpu") {
    const { startWebGpu } = await import("./webgpu.ts");
    await startWebGpu();
  }
  await tf.setBackend(name);
  await tf.ready();
  const engine = currentEngine();
  const registry = currentKernelRegistry();
  if (engine === undefined || registry === undefined) throw new Error("TensorFlow.js has made no engine.");
  if (name === "wasm") installWasmKernels(engine, registry);
  return engine;
}
