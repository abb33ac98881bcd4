/** TensorFlow.js on a GPU's thread, as a script sees it, against plain JavaScript and closed forms. */
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { useBackend } from "./support/backends.ts";
import { seededValues } from "./support/models.ts";
import { adapter } from "./support/webgpu.ts";

function read(run: () => tf.Tensor): number[] {
  return tf.tidy(() => Array.from(run().dataSync()));
}

async function readOnPlainJavaScript(run: () => tf.Tensor): Promise<number[]> {
  await tf.setBackend("cpu");
  try {
    return read(run);
  } finally {
    await tf.setBackend("webgpu");
  }
}

describe.skipIf(adapter === undefined)("on WebGPU", () => {
  beforeAll(async () => {
    await useBackend("webgpu");
    // Else small tensors would not come to the device.
    tf.env().set("WEBGPU_CPU_FORWARD", false);
  });

  afterEach(() => {
    expect(tf.getBackend()).toBe("webgpu");
    tf.disposeVariables();
  });

  test("values are read synchronously, of every type, and whether they have been computed or only written", () => {
    tf.tidy(() => {
      expect(tf.tensor([1.5, -2]).dataSync()).toEqual(Float32Array.of(1.5, -2));
      expect(tf.tensor([1.5, -2]).add(1).dataSync()).toEqual(Float32Array.of(2.5, -1));
      expect(tf.tensor([3, 4], [2], "int32").add(tf.scalar(1, "int32")).dataSync()).toEqual(Int32Array.of(4, 5));
      expect(tf.tensor([3, 4]).greater(3).dataSync()).toEqual(Uint8Array.of(0, 1));
      expect(tf.tensor(["a", "ä"]).dataSync()).toEqual(["a", "ä"]);
      expect(tf.zeros([0, 3]).add(1).dataSync()).toEqual(new Float32Array());
      expect(
        tf
          .complex([1, 2], [3, 4])
          .mul(tf.complex([1, 1], [1, 0]))
          .dataSync(),
      ).toEqual(Float32Array.of(-2, 4, 2, 4));
    });
  });

  test("values that the script changes after it has made a tensor of them are not seen", () => {
    tf.tidy(() => {
      const values = Float32Array.of(1, 2);
      const tensor = tf.tensor(values);
      values[0] = 9;
      expect(tensor.add(0).dataSync()).toEqual(Float32Array.of(1, 2));
    });
  });

  test("the same kernel with other attributes is another one, be they infinite, negative zero or not a number", () => {
    tf.tidy(() => {
      const fills = [1, Infinity, -Infinity, NaN, -0, 0].map((value) => tf.fill([2], value).mul(1).dataSync()[0]);
      expect(fills).toEqual([1, Infinity, -Infinity, NaN, expect.closeTo(0), 0]);
    });
  });

  test("a tensor made on another backend is moved when it is needed, and back", async () => {
    await tf.setBackend("cpu");
    const tensor = tf.tensor([1, 2, 3]);
    await tf.setBackend("webgpu");
    const doubled = tensor.add(tensor);
    expect(doubled.dataSync()).toEqual(Float32Array.of(2, 4, 6));
    expect(await readOnPlainJavaScript(() => doubled.add(1))).toEqual([3, 5, 7]);
    tensor.dispose();
    doubled.dispose();
  });

  test("a kernel's refusal is the script's own error, and what comes next is right", () => {
    tf.tidy(() => {
      const engine = tf.engine();
      const inputs = { x: tf.ones([2, 3]) };
      expect(() => engine.runKernel("Slice", inputs, { begin: [0, 2], size: [2, 2] })).toThrow(/Error in slice2D/);
      expect(tf.ones([2]).add(1).dataSync()).toEqual(Float32Array.of(2, 2));
    });
  });

  test("kernels that read their inputs, and whose outputs depend on values, run", () => {
    tf.tidy(() => {
      const boxes = tf.tensor2d([0, 0, 1, 1, 0, 0, 1, 1.1, 5, 5, 6, 6], [3, 4]).mul<tf.Tensor2D>(1);
      for (const [scores, kept] of [
        [
          [0.9, 0.8, 0.7],
          [0, 2],
        ],
        [[0.1, 0.8, 0.1], [1]],
      ] as const) {
        const chosen = tf.image.nonMaxSuppression(boxes, tf.tensor1d([...scores]).mul<tf.Tensor1D>(1), 3, 0.5, 0.5);
        expect([...chosen.dataSync()]).toEqual(kept);
      }
    });
  });

  test("10,000 kernels leave no tensor behind, here or on the device", () => {
    const once = () => {
      tf.tidy(() => {
        let state: tf.Tensor = tf.tensor([1, 2, 3, 4], [2, 2]);
        for (let kernel = 0; kernel < 25; kernel++) {
          state = state.reshape([4]).cast("int32").cast("float32").reshape([2, 2]).transpose().mul(1);
        }
        expect(state.dataSync()).toEqual(Float32Array.of(1, 3, 2, 4));
      });
    };
    once();
    const before = tf.memory();
    for (let round = 0; round < 80; round++) once();
    expect(tf.memory()).toEqual(before);
  });

  const shape = [2, 3, 4];
  const values = Array.from({ length: 24 }, (_, index) => index % 5);
  const sources: Record<string, () => tf.Tensor> = {
    "of integers": () => tf.tensor(values, shape, "int32").mul(tf.scalar(1, "int32")),
    "of booleans": () => tf.tensor(values, shape).greater(2),
    "of floats that were integers": () => tf.tensor(values, shape, "int32").mul(tf.scalar(1, "int32")).cast("float32"),
    "of floats that were booleans": () => tf.tensor(values, shape).greater(2).cast("float32"),
    "of integers that were booleans": () => tf.tensor(values, shape).greater(2).cast("int32"),
  };
  const rearrangements: Record<string, (x: tf.Tensor) => tf.Tensor> = {
    "transposed in three axes": (x) => x.transpose([2, 0, 1]),
    "transposed in four axes": (x) => x.reshape([2, 3, 2, 2]).transpose([0, 2, 1, 3]),
    "transposed as a matrix": (x) => x.reshape([6, 4]).transpose(),
    "summed over the first axis": (x) => x.sum(0),
    "summed over the middle axis": (x) => x.sum(1),
    "its largest along the first axis": (x) => x.max(0),
    "where it is largest along the first axis": (x) => x.argMax(0),
    "accumulated along the first axis": (x) => x.cumsum(0),
  };

  test.each(Object.keys(sources).flatMap((source) => Object.keys(rearrangements).map((how) => [source, how] as const)))(
    "a tensor %s, %s, is what it is in plain JavaScript",
    async (source, how) => {
      const make = () => (rearrangements[how] as (x: tf.Tensor) => tf.Tensor)((sources[source] as () => tf.Tensor)());
      expect(read(make)).toEqual(await readOnPlainJavaScript(make));
    },
  );

  test("a matrix product of 64 by 48 by 32 is that of float64 arithmetic", () => {
    const [rows, inner, columns] = [64, 48, 32];
    const a = seededValues(rows * inner, 1);
    const b = seededValues(inner * columns, 2);
    const product = tf.tidy(() =>
      tf.matMul(tf.tensor2d(a, [rows, inner]), tf.tensor2d(b, [inner, columns])).dataSync(),
    );
    const errors = Array.from(product, (value, index) => {
      const [row, column] = [Math.floor(index / columns), index % columns];
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += (a[row * inner + k] ?? 0) * (b[k * columns + column] ?? 0);
      return Math.abs(value - sum);
    });
    // 48 products of at most 1, each rounded to 6e-8 of a sum that stays below 16.
    expect(Math.max(...errors)).toBeLessThan(48 * 6e-8 * 16);
  });
});
