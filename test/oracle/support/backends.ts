import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import { currentEngine, currentKernelRegistry, type Engine } from "../../../src/probe/tfjs/engine.ts";
import { installWasmKernels } from "../../../src/probe/tfjs/wasm/installWasmKernels.ts";

const backendNames = ["cpu", "wasm", "webgpu", "tensorflow"] as const;

export type BackendName = (typeof backendNames)[number];

const asked = process.env["ORRERY_TEST_BACKENDS"];

/** Backends that tests of every backend run on; `ORRERY_TEST_BACKENDS` names others, as `tensorflow` or `cpu,wasm`. */
export const testedBackends: readonly BackendName[] = (asked ?? "cpu,wasm").split(",").map((each) => {
  const known = backendNames.find((name) => name === each.trim());
  if (known === undefined) throw new Error(`ORRERY_TEST_BACKENDS: there is no backend ${each}.`);
  return known;
});

/** The same for a test that runs on further ones as well, unless backends are asked for by name. */
export function testedBackendsAnd(further: readonly BackendName[]): readonly BackendName[] {
  return asked === undefined ? [...testedBackends, ...further] : testedBackends;
}

/** Makes a backend the current one, WebAssembly with the composed kernels, and gives the process's engine. */
export async function useBackend(name: BackendName): Promise<Engine> {
  if (name === "webgpu") {
    const { startWebGpu } = await import("./webgpu.ts");
    await startWebGpu();
  }
  if (name === "tensorflow") {
    const { loadNative } = await import("./native.ts");
    loadNative();
  }
  if (!(await tf.setBackend(name))) throw new Error(`The backend ${name} does not start.`);
  await tf.ready();
  const engine = currentEngine();
  const registry = currentKernelRegistry();
  if (engine === undefined || registry === undefined) throw new Error("TensorFlow.js has made no engine.");
  if (name === "wasm") installWasmKernels(engine, registry);
  return engine;
}
