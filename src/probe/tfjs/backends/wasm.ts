import { currentKernelRegistry } from "../engine.ts";
import { ownPackage, standIns } from "../redirect.ts";
import { installWasmKernels } from "../wasm/installWasmKernels.ts";
import { makeCurrent, type Backend } from "./backend.ts";

/** Of the engine's flags, those by which the backend has chosen among its binaries. */
interface Environment {
  readonly ENV: { get(flag: string): unknown };
}

/** WebAssembly: the workspace's own backend, else the one that the extension carries. */
export const wasm: Backend = {
  choice: "wasm",
  title: "WebAssembly",
  async setUp({ script, load, engine }) {
    // A second copy would register all kernels again and complain about it on the script's console.
    load(ownPackage(script, "@tensorflow/tfjs-backend-wasm") ?? standIns.wasmBackend);
    await makeCurrent(engine(), "wasm");
    const registry = currentKernelRegistry();
    if (registry !== undefined) installWasmKernels(engine(), registry);
    const { ENV } = engine() as unknown as Environment;
    const simd = ENV.get("WASM_HAS_SIMD_SUPPORT") === true ? "with SIMD" : "without SIMD, which this Node lacks";
    return `compiled code that runs everywhere, ${simd}`;
  },
};
