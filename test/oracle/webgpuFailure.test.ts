/** After a device's error nothing that it gives can be trusted, so it gives nothing more. */
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { currentEngine, type KernelRegistry } from "../../src/probe/tfjs/engine.ts";
import { startRemoteDevice, type BackendEngine } from "../../src/probe/tfjs/webgpu/remoteDevice.ts";
import { adapter, startWebGpu, workerFile } from "./support/webgpu.ts";

test("a device that does not start is refused with the reason, and the run has not failed", async () => {
  const failures: string[] = [];
  const engine = currentEngine() as BackendEngine;
  const registry: KernelRegistry = new Map();
  const parts = { engine, registry, worker: workerFile, dawn: "/nowhere/dawn.js", backend: "/nowhere/backend.js" };
  const started = startRemoteDevice({ ...parts, failed: (text) => failures.push(text) });
  await expect(started).rejects.toThrow(/Cannot find module .*dawn\.js/);
  expect(failures).toEqual([]);
});

describe.skipIf(adapter === undefined)("a device that fails", () => {
  test("is named with its error, once, and gives no number any more", async () => {
    const failures: string[] = [];
    await startWebGpu((text) => failures.push(text));
    await tf.setBackend("webgpu");
    const sound = tf.tensor([1, 2]).add(1);
    expect(sound.dataSync()).toEqual(Float32Array.of(2, 3));
    // 256 GiB, which no device takes in one buffer.
    expect(() => tf.fill([2 ** 18, 2 ** 18], 1).dataSync()).toThrow(/exceeds the max buffer size/);
    expect(() => sound.dataSync()).toThrow(/exceeds the max buffer size/);
    expect(() => tf.tensor([1, 2]).add(1)).toThrow(/exceeds the max buffer size/);
    await expect(sound.data()).rejects.toThrow(/exceeds the max buffer size/);
    sound.dispose();
    expect(failures).toEqual([expect.stringMatching(/exceeds the max buffer size/)]);
  });
});
