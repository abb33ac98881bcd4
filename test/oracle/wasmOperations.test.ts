/** WebAssembly computes what plain JavaScript computes: every operation, its gradient, and every type of tensor that it takes. */
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { currentKernelRegistry, type KernelConfig, type KernelRegistry } from "../../src/probe/tfjs/engine.ts";
import { useBackend } from "./support/backends.ts";
import type { Call } from "./support/calls.ts";
import { operations } from "./support/operations.ts";

interface Result {
  readonly shape: number[];
  readonly dtype: string;
  readonly values: readonly (number | string)[];
}

async function resultsOf(backend: "cpu" | "wasm", call: Call): Promise<Result[]> {
  const engine = await useBackend(backend);
  const [tensors, buffers] = [engine.state.numTensors, tf.memory().numDataBuffers];
  const results: Result[] = [];
  tf.tidy(() => {
    // Memory that holds zeros would hide a kernel that does not write all of its output.
    for (const size of [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]) tf.fill([size], Number.NaN).add(1).dispose();
    for (const output of [call()].flat()) {
      if (output === undefined) throw new Error("no such output");
      const values = Array.from(output.dataSync() as ArrayLike<number | string>);
      results.push({ shape: output.shape, dtype: output.dtype, values });
    }
  });
  expect([engine.state.numTensors, tf.memory().numDataBuffers]).toEqual([tensors, buffers]);
  return results;
}

function expectEqual(actual: Result, expected: Result): void {
  expect([actual.dtype, actual.shape]).toEqual([expected.dtype, expected.shape]);
  const finite = expected.values.filter((value): value is number => Number.isFinite(value));
  const scale = Math.max(1, ...finite.map(Math.abs));
  expected.values.forEach((value, index) => {
    const other = actual.values[index];
    if (typeof value === "string" || typeof other !== "number" || !Number.isFinite(value)) expect(other).toEqual(value);
    // Sums of at most a few hundred float32 products in another order, and squares of them: 3e-6 observed of the largest.
    else expect(Math.abs(other - value) / scale).toBeLessThan(2e-5);
  });
}

test.each(Object.entries(operations))("%s", async (_name, call) => {
  const expected = await resultsOf("cpu", call);
  const actual = await resultsOf("wasm", call);
  expect(actual).toHaveLength(expected.length);
  actual.forEach((result, index) => {
    expectEqual(result, expected[index] ?? result);
  });
});

describe("the audit", () => {
  /** Kernels that none of the operations above runs, and why. */
  const notRun = {
    Draw: "needs a canvas, which Node has not",
    Multinomial: "draws its numbers from a generator of each backend's own",
  };

  test("runs every kernel of the plain-JavaScript backend", async () => {
    await useBackend("cpu");
    const registry: KernelRegistry = currentKernelRegistry() ?? new Map<string, KernelConfig>();
    const run = new Set<string>();
    const configs = [...registry.values()].filter(({ backendName }) => backendName === "cpu");
    const own = configs.map(({ kernelFunc }) => kernelFunc);
    for (const config of configs) {
      const { kernelName, kernelFunc } = config;
      Object.assign(config, {
        kernelFunc: (call: Parameters<typeof kernelFunc>[0]) => {
          run.add(kernelName);
          return kernelFunc(call);
        },
      });
    }
    tf.tidy(() => {
      for (const call of Object.values(operations)) call();
    });
    configs.forEach((config, index) => Object.assign(config, { kernelFunc: own[index] }));
    const missed = configs.map(({ kernelName }) => kernelName).filter((name) => !run.has(name));
    expect(missed.toSorted()).toEqual(Object.keys(notRun).toSorted());
  });

  test("finds each of them on WebAssembly", async () => {
    await useBackend("wasm");
    const names = [...(currentKernelRegistry()?.keys() ?? [])];
    const plain = names.filter((name) => name.startsWith("cpu_")).map((name) => name.replace("cpu_", "wasm_"));
    expect(plain.filter((name) => !names.includes(name))).toEqual([]);
  });

  test("a kernel that only plain JavaScript has says so where that is not loaded", async () => {
    await useBackend("wasm");
    const registry = currentKernelRegistry();
    const own = registry?.get("cpu_FFT");
    registry?.delete("cpu_FFT");
    const transform = () => tf.tidy(() => tf.fft(tf.complex([1, 2], [3, 4])));
    expect(transform).toThrow(/no kernel FFT.*plain-JavaScript backend has/);
    if (own !== undefined) registry?.set("cpu_FFT", own);
    expect(transform).not.toThrow();
  });
});
