import { createRequire } from "node:module";
import path from "node:path";
import { currentEngine, currentKernelRegistry } from "../../../src/probe/tfjs/engine.ts";
import { askForAdapter, type AdapterReport } from "../../../src/probe/tfjs/webgpu/adapter.ts";
import { startRemoteDevice, type BackendEngine } from "../../../src/probe/tfjs/webgpu/remoteDevice.ts";
import type { RemoteBackend } from "../../../src/probe/tfjs/webgpu/remoteBackend.ts";

const require = createRequire(import.meta.url);
const sources = path.resolve(import.meta.dirname, "..", "..", "..", "src", "probe", "tfjs", "webgpu");
export const workerFile = path.join(sources, "worker.ts");
const dawn = require.resolve("webgpu");
const backend = require.resolve("@tensorflow/tfjs-backend-webgpu");

/** The adapter that WebGPU has on this machine, if any. */
export const adapter: AdapterReport | undefined = await askForAdapter(
  path.join(sources, "adapterReport.ts"),
  dawn,
).catch(sayHowToGetOne);

/** `webgpu` where there is an adapter, for lists of backends. */
export const webgpuIfAny: readonly "webgpu"[] = adapter === undefined ? [] : ["webgpu"];

function sayHowToGetOne(error: unknown): undefined {
  const reason = error instanceof Error ? error.message : String(error);
  console.warn(
    `WebGPU is left out (${reason}): \`node scripts/testTools.mjs\` brings a driver in software where Debian's packages are at hand.`,
  );
  return undefined;
}

let started: Promise<RemoteBackend> | undefined;

/** Starts the device's thread, once a process, and registers the backend; `failed` hears of the device's failure. */
export function startWebGpu(failed: (text: string) => void = complain, worker = workerFile): Promise<RemoteBackend> {
  require(backend);
  const engine = currentEngine();
  const registry = currentKernelRegistry();
  if (engine === undefined || registry === undefined) throw new Error("TensorFlow.js has made no engine.");
  started ??= startRemoteDevice({ engine: engine as BackendEngine, registry, worker, dawn, backend, failed });
  return started;
}

/** The call that found out throws as well, so that the test fails there. */
function complain(text: string): void {
  console.error(`The device failed: ${text}`);
}
