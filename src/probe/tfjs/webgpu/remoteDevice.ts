import { once } from "node:events";
import { MessageChannel, Worker } from "node:worker_threads";
import type { Engine, KernelRegistry } from "../engine.ts";
import { Channel } from "./channel.ts";
import { counters, type WorkerSettings } from "./protocol.ts";
import { RemoteBackend, type MovingEngine } from "./remoteBackend.ts";
import { RemoteKernels } from "./remoteKernels.ts";

/** TensorFlow.js's own name of the backend. */
const backendName = "webgpu";

/** What the engine is relied on for beyond what the probe drives otherwise. */
export interface BackendEngine extends Engine, MovingEngine {
  readonly ENV: { set(flag: string, value: number | boolean | string): void };
  registerBackend(name: string, make: () => object, priority: number): boolean;
}

export interface RemoteDeviceParts {
  readonly engine: BackendEngine;
  /** Holds the kernels of `@tensorflow/tfjs-backend-webgpu`, which has been loaded in this thread. */
  readonly registry: KernelRegistry;
  /** File of the device's thread. */
  readonly worker: string;
  /** Main file of the package `webgpu`. */
  readonly dawn: string;
  /** Main file of the package `@tensorflow/tfjs-backend-webgpu`. */
  readonly backend: string;
  /** Told, once, with what the device has failed. */
  readonly failed: (text: string) => void;
}

/**
 * Starts the thread that has the GPU, and registers it as the backend `webgpu`, with all its kernels, in this one. Rejects where the
 * thread does not start or finds no adapter.
 */
export async function startRemoteDevice(parts: RemoteDeviceParts): Promise<RemoteBackend> {
  const { engine, registry } = parts;
  const { port1: port, port2 } = new MessageChannel();
  const shared = new Int32Array(new SharedArrayBuffer(counters * Int32Array.BYTES_PER_ELEMENT));
  const settings: WorkerSettings = { counters: shared, dawn: parts.dawn, backend: parts.backend };
  const worker = new Worker(parts.worker, {
    workerData: { ...settings, port: port2 },
    transferList: [port2],
    // The script's own preloads are for the script.
    execArgv: [],
  });
  await Promise.race([once(worker, "message"), once(worker, "exit")]).finally(() => {
    worker.unref();
  });
  let isStarted = false;
  const channel = new Channel(port, shared, (text) => {
    if (isStarted) parts.failed(text);
  });
  channel.receive();
  isStarted = true;
  const backend = new RemoteBackend(channel, engine);
  new RemoteKernels(channel, backend).register(registry, backendName);
  forwardFlags(engine, channel);
  engine.registerBackend(backendName, () => backend, 3);
  // First of all listeners: errors of the last step still count, and a thread that is ended within Dawn takes the process with it.
  process.prependListener("exit", () => {
    backend.finish();
  });
  return backend;
}

/** The flags of the backend matter where the device is. */
function forwardFlags(engine: BackendEngine, channel: Channel): void {
  const set = engine.ENV.set.bind(engine.ENV);
  engine.ENV.set = (flag, value) => {
    set(flag, value);
    if (flag.startsWith("WEBGPU_")) channel.send(["flag", flag, value]);
  };
}
