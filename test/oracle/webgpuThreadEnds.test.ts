import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { adapter, startWebGpu } from "./support/webgpu.ts";

test.skipIf(adapter === undefined)("a thread that ends is a device that fails, and nobody waits for it", async () => {
  const failures: string[] = [];
  const worker = path.join(import.meta.dirname, "support", "endingWorker.ts");
  await startWebGpu((text) => failures.push(text), worker);
  await tf.setBackend("webgpu");
  const sum = tf.tensor([1, 2]).add(1);
  expect(sum.dataSync()).toEqual(Float32Array.of(2, 3));
  tf.env().set("WEBGPU_PRINT_SHADER", "all");
  expect(() => sum.dataSync()).toThrow("The thread that has the GPU has ended.");
  expect(failures).toEqual(["The thread that has the GPU has ended."]);
});
