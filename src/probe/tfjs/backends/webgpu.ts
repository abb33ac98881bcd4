import { currentKernelRegistry } from "../engine.ts";
import { ownPackage, webgpuFiles } from "../redirect.ts";
import { askForAdapter } from "../webgpu/adapter.ts";
import { startRemoteDevice, type BackendEngine } from "../webgpu/remoteDevice.ts";
import { makeCurrent, type Backend, type SettableEngine } from "./backend.ts";

/** Any modern GPU by way of Dawn, where the workspace has the packages `webgpu` and `@tensorflow/tfjs-backend-webgpu`. */
export const webgpu: Backend = {
  choice: "webgpu",
  title: "WebGPU",
  async setUp({ script, load, engine, deviceFailed }, isAsked) {
    const dawn = ownPackage(script, "webgpu");
    const backend = ownPackage(script, "@tensorflow/tfjs-backend-webgpu");
    if (dawn === undefined) throw new Error("the package webgpu is not installed");
    if (backend === undefined) throw new Error("the package @tensorflow/tfjs-backend-webgpu is not installed");
    const { name, isSoftware } = await askForAdapter(webgpuFiles.adapter, dawn);
    if (isSoftware && !isAsked) throw new Error(`only in software (${name}), which is slower than WebAssembly`);
    // Its kernels' names are needed here, and a script that imports it later must not put its own in their place.
    load(backend);
    const registry = currentKernelRegistry();
    if (registry === undefined) throw new Error("TensorFlow.js has not loaded");
    await startRemoteDevice({
      engine: engine() as SettableEngine & BackendEngine,
      registry,
      worker: webgpuFiles.worker,
      dawn,
      backend,
      failed: deviceFailed,
    });
    await makeCurrent(engine(), "webgpu");
    return isSoftware ? `asked for, in software (${name})` : name;
  },
};
