/** The kernels composed for the WebAssembly backend, against the plain JavaScript backend's own. */
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Attributes } from "../../src/probe/tfjs/engine.ts";
import { useBackend } from "./support/backends.ts";

interface Input {
  readonly shape: number[];
  readonly dtype?: "int32";
  readonly values?: number[];
}

/** Values between −1 and 1 from a fixed linear congruence: the same for both backends, and no two alike. */
function values(shape: readonly number[], seed: number): Float32Array {
  let state = seed + 1;
  return Float32Array.from({ length: shape.reduce((size, extent) => size * extent, 1) }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return (2 * state) / 2_147_483_647 - 1;
  });
}

async function runOn(
  backend: "cpu" | "wasm",
  kernel: string,
  inputs: Readonly<Record<string, Input>>,
  attributes: Attributes,
): Promise<{ shape: number[]; values: Float32Array }> {
  const engine = await useBackend(backend);
  const before = engine.state.numTensors;
  const tensors = Object.entries(inputs).map(([name, { shape, dtype, values: given }], index) => {
    const data = given ?? values(shape, 17 * (index + 1));
    return [name, tf.tensor(data, shape, dtype ?? "float32")] as const;
  });
  const output = engine.runKernel(kernel, Object.fromEntries(tensors), attributes);
  if (Array.isArray(output)) throw new Error("one output expected");
  const result = { shape: output.shape, values: Float32Array.from(engine.readSync(output.dataId)) };
  output.dispose();
  tf.dispose(tensors.map(([, tensor]) => tensor));
  expect(engine.state.numTensors).toBe(before);
  return result;
}

async function agree(kernel: string, inputs: Readonly<Record<string, Input>>, attributes: Attributes): Promise<void> {
  const expected = await runOn("cpu", kernel, inputs, attributes);
  const actual = await runOn("wasm", kernel, inputs, attributes);
  expect(actual.shape).toEqual(expected.shape);
  const scale = Math.max(1, ...expected.values.map(Math.abs));
  const difference = Math.max(
    0,
    ...expected.values.map((value, index) => Math.abs(value - (actual.values[index] ?? NaN))),
  );
  // Sums of at most a few hundred float32 products in another order: 2e-6 observed of the largest element, 1e-5 allowed.
  expect(difference / scale).toBeLessThan(1e-5);
}

const size = fc.integer({ min: 1, max: 9 });
const small = fc.integer({ min: 1, max: 3 });

const convolution = fc.record({
  batch: small,
  height: size,
  width: size,
  channels: small,
  outChannels: small,
  filterHeight: small,
  filterWidth: small,
  strideRows: small,
  strideColumns: small,
  pad: fc.constantFrom<"same" | "valid" | "number" | "explicit">("same", "valid", "number", "explicit"),
  zeros: fc.tuple(...[0, 1, 2, 3].map(() => fc.integer({ min: 0, max: 3 }))),
});

type Convolution = typeof convolution extends fc.Arbitrary<infer Drawn> ? Drawn : never;

function padAttribute({ pad, zeros }: Convolution): string | number | number[][] {
  const [top = 0, bottom = 0, left = 0, right = 0] = zeros;
  if (pad === "number") return top;
  return pad === "explicit"
    ? [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ]
    : pad;
}

function outputSize(drawn: Convolution): [number, number] {
  const info = tf.backend_util.computeConv2DInfo(
    [drawn.batch, drawn.height, drawn.width, drawn.channels],
    [drawn.filterHeight, drawn.filterWidth, drawn.channels, drawn.outChannels],
    [drawn.strideRows, drawn.strideColumns],
    1,
    padAttribute(drawn) as number,
    "floor",
  );
  return [info.outHeight, info.outWidth];
}

const common = (drawn: Convolution) => ({
  strides: [drawn.strideRows, drawn.strideColumns],
  pad: padAttribute(drawn),
  dimRoundingMode: "floor",
});

async function checkConvolutions(call: (drawn: Convolution, out: [number, number]) => Promise<void>) {
  await fc.assert(
    fc.asyncProperty(convolution, async (drawn) => {
      const out = outputSize(drawn);
      fc.pre(out[0] > 0 && out[1] > 0);
      await call(drawn, out);
    }),
    { numRuns: 150, seed: 11 },
  );
}

describe("on the WebAssembly backend, composed kernels agree with plain JavaScript's", () => {
  test("filter gradient of a convolution", async () => {
    await checkConvolutions(async (drawn, [outHeight, outWidth]) => {
      await agree(
        "Conv2DBackpropFilter",
        {
          x: { shape: [drawn.batch, drawn.height, drawn.width, drawn.channels] },
          dy: { shape: [drawn.batch, outHeight, outWidth, drawn.outChannels] },
        },
        {
          ...common(drawn),
          dataFormat: "NHWC",
          filterShape: [drawn.filterHeight, drawn.filterWidth, drawn.channels, drawn.outChannels],
        },
      );
    });
  });

  test("filter gradient of a convolution that is too large to be taken at once", async () => {
    const constant = (side: number, first: number, second: number): Input => ({
      shape: [2, side, side, 1],
      values: Array.from({ length: 2 * side * side }, (_, index) => (index < side * side ? first : second)),
    });
    const { values: gradient } = await runOn(
      "wasm",
      "Conv2DBackpropFilter",
      { x: constant(128, 1, 2), dy: constant(97, 1, 10) },
      { strides: [1, 1], pad: "valid", dimRoundingMode: null, dataFormat: "NHWC", filterShape: [32, 32, 1, 1] },
    );
    // At each of 97² positions 1·1 in the one image and 2·10 in the other: whole numbers, exact in float32.
    expect(gradient.every((element) => element === 97 ** 2 * 21)).toBe(true);
  });

  test("input gradient of a convolution", async () => {
    await checkConvolutions(async (drawn, [outHeight, outWidth]) => {
      await agree(
        "Conv2DBackpropInput",
        {
          dy: { shape: [drawn.batch, outHeight, outWidth, drawn.outChannels] },
          filter: { shape: [drawn.filterHeight, drawn.filterWidth, drawn.channels, drawn.outChannels] },
        },
        { ...common(drawn), dataFormat: "NHWC", inputShape: [drawn.batch, drawn.height, drawn.width, drawn.channels] },
      );
    });
  });

  test("input gradient of a depthwise convolution", async () => {
    await checkConvolutions(async (drawn, [outHeight, outWidth]) => {
      await agree(
        "DepthwiseConv2dNativeBackpropInput",
        {
          dy: { shape: [drawn.batch, outHeight, outWidth, drawn.channels * drawn.outChannels] },
          filter: { shape: [drawn.filterHeight, drawn.filterWidth, drawn.channels, drawn.outChannels] },
        },
        {
          ...common(drawn),
          dilations: [1, 1],
          inputShape: [drawn.batch, drawn.height, drawn.width, drawn.channels],
        },
      );
    });
  });

  test("filter gradient of a depthwise convolution", async () => {
    await checkConvolutions(async (drawn, [outHeight, outWidth]) => {
      await agree(
        "DepthwiseConv2dNativeBackpropFilter",
        {
          x: { shape: [drawn.batch, drawn.height, drawn.width, drawn.channels] },
          dy: { shape: [drawn.batch, outHeight, outWidth, drawn.channels * drawn.outChannels] },
        },
        {
          ...common(drawn),
          dilations: [1, 1],
          filterShape: [drawn.filterHeight, drawn.filterWidth, drawn.channels, drawn.outChannels],
        },
      );
    });
  });

  test("gradient of max pooling, also over negative and equal elements", async () => {
    const pooling = fc.record({
      drawn: convolution,
      levels: fc.constantFrom(2, 3, 1000),
      lift: fc.constantFrom(-3, 0, 3),
    });
    await fc.assert(
      fc.asyncProperty(pooling, async ({ drawn, levels, lift }) => {
        const [outHeight, outWidth] = outputSize(drawn);
        fc.pre(outHeight > 0 && outWidth > 0);
        // A window that lies wholly in the padding has no largest element.
        fc.pre(drawn.pad === "same" || drawn.pad === "valid");
        const shape = [drawn.batch, drawn.height, drawn.width, drawn.channels];
        const input = Array.from(values(shape, 3), (value) => Math.round(value * levels) / levels + lift);
        const attributes = { ...common(drawn), filterSize: [drawn.filterHeight, drawn.filterWidth] };
        const pooled = await runOn("cpu", "MaxPool", { x: { shape, values: input } }, attributes);
        await agree(
          "MaxPoolGrad",
          {
            dy: { shape: pooled.shape },
            input: { shape, values: input },
            output: { shape: pooled.shape, values: Array.from(pooled.values) },
          },
          attributes,
        );
      }),
      { numRuns: 200, seed: 14 },
    );
  });

  test("slices picked by index, along every axis", async () => {
    const picking = fc.record({
      shape: fc.array(small, { minLength: 1, maxLength: 4 }),
      axis: fc.nat(3),
      fromEnd: fc.boolean(),
      indices: fc.array(fc.nat(8), { minLength: 1, maxLength: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(picking, async ({ shape, axis, fromEnd, indices }) => {
        const along = axis % shape.length;
        const extent = shape[along] ?? 1;
        const values = indices.map((index) => index % extent);
        await agree(
          "GatherV2",
          { x: { shape }, indices: { shape: [values.length], dtype: "int32", values } },
          { axis: fromEnd ? along - shape.length : along, batchDims: 0 },
        );
      }),
      { numRuns: 100, seed: 15 },
    );
  });

  test("an index out of range is refused, as by the backend's own kernel", async () => {
    const indices: Input = { shape: [1], dtype: "int32", values: [3] };
    const picked = runOn("wasm", "GatherV2", { x: { shape: [3] }, indices }, { axis: 0, batchDims: 0 });
    await expect(picked).rejects.toThrow(/not in \[0, 2\]/);
  });

  test("sums over any axes, the first among them", async () => {
    const summing = fc.record({
      shape: fc.array(size, { minLength: 1, maxLength: 4 }),
      axes: fc.uniqueArray(fc.nat(3), { minLength: 1, maxLength: 4 }),
      keepDims: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(summing, async ({ shape, axes, keepDims }) => {
        const axis = axes.filter((each) => each < shape.length);
        fc.pre(axis.length > 0);
        await agree("Sum", { x: { shape } }, { axis, keepDims });
      }),
      { numRuns: 150, seed: 16 },
    );
  });

  test("sums over segments, with ids that repeat, that are left out and that lie outside", async () => {
    const segments = fc.record({
      ids: fc.array(fc.integer({ min: -2, max: 9 }), { minLength: 1, maxLength: 12 }),
      numSegments: fc.integer({ min: 1, max: 7 }),
      rest: fc.array(small, { maxLength: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(segments, async ({ ids, numSegments, rest }) => {
        await agree(
          "UnsortedSegmentSum",
          {
            x: { shape: [ids.length, ...rest] },
            segmentIds: { shape: [ids.length], dtype: "int32", values: ids },
          },
          { numSegments },
        );
      }),
      { numRuns: 80, seed: 12 },
    );
  });

  test("matrix products, batched, broadcast and transposed, small and large", async () => {
    const extent = fc.constantFrom(1, 2, 5, 17, 40);
    const product = fc.record({
      rows: extent,
      inner: extent,
      columns: extent,
      batch: fc.constantFrom<[number[], number[]]>(
        [[], []],
        [[1], [1]],
        [[3], [3]],
        [
          [2, 3],
          [2, 3],
        ],
        [[4], [1]],
        [[1], [4]],
        [[4], []],
        [
          [2, 1],
          [2, 3],
        ],
      ),
      transposeA: fc.boolean(),
      transposeB: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(product, async ({ rows, inner, columns, batch: [batchA, batchB], transposeA, transposeB }) => {
        await agree(
          "BatchMatMul",
          {
            a: { shape: [...batchA, ...(transposeA ? [inner, rows] : [rows, inner])] },
            b: { shape: [...batchB, ...(transposeB ? [columns, inner] : [inner, columns])] },
          },
          { transposeA, transposeB },
        );
      }),
      { numRuns: 200, seed: 13 },
    );
  });
});
