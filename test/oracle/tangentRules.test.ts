/**
 * Every tangent rule against central differences of its own kernel on the plain JavaScript backend, in a region where the kernel
 * is smooth; and the rules' choices at kinks and ties.
 */
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import type { Attributes, Engine, Tensor } from "../../src/probe/tfjs/engine.ts";
import { Kernels } from "../../src/probe/tfjs/trace/kernels.ts";
import type { Operation } from "../../src/probe/tfjs/trace/operation.ts";
import { makeProgram } from "../../src/probe/tfjs/trace/program.ts";
import { runOperation, TracePoint } from "../../src/probe/tfjs/trace/tracePoint.ts";
import { differentiableKernels } from "../../src/probe/tfjs/trace/tangentRules.ts";
import { useBackend } from "./support/backends.ts";
import { seededValues } from "./support/models.ts";

interface Input {
  readonly shape: number[];
  /** Values lie in [centre − spread, centre + spread], except where they are given. */
  readonly centre?: number;
  readonly spread?: number;
  readonly values?: number[];
  readonly dtype?: "int32" | "bool";
}

interface Case {
  readonly inputs: Readonly<Record<string, Input>> | readonly Input[];
  readonly attributes?: Attributes;
}

const geometry2D = { strides: [2, 1], pad: "same", dataFormat: "NHWC", dilations: [1, 1], dimRoundingMode: null };
const images: Input = { shape: [2, 5, 4, 2] };
const filter: Input = { shape: [3, 2, 2, 3] };
const outputImages: Input = { shape: [2, 3, 4, 3] };
const volumes: Input = { shape: [1, 4, 4, 4, 2] };
/** No two elements closer than 1/64, so that no difference changes which is the largest. */
const spacedVolumes: Input = {
  shape: [1, 4, 4, 4, 1],
  values: Array.from({ length: 64 }, (_, index) => ((index * 37) % 64) / 64),
};
const filter3D: Input = { shape: [2, 2, 2, 2, 3] };
const outputVolumes: Input = { shape: [1, 3, 3, 3, 3] };
const geometry3D = { strides: [1, 1, 1], pad: "valid", dataFormat: "NDHWC", dilations: [1, 1, 1] };
const pooling = { filterSize: [3, 2], strides: [2, 1], pad: "same", dimRoundingMode: null };
const pooling3D = { filterSize: 2, strides: 2, pad: "valid", dataFormat: "NDHWC", dimRoundingMode: null };
const neighbours = { depthRadius: 1, bias: 1, alpha: 0.5, beta: 0.6 };
const matrix: Input = { shape: [3, 4] };
const positive: Input = { shape: [3, 4], centre: 2, spread: 1 };
const unary: Case = { inputs: { x: matrix } };
const unaryPositive: Case = { inputs: { x: positive } };
const binary: Case = { inputs: { a: matrix, b: { shape: [4] } } };
const depthwise = { ...geometry2D, strides: [1, 1] };

const cases: Readonly<Record<string, readonly Case[]>> = {
  Neg: [unary],
  Tanh: [unary],
  Sigmoid: [unary],
  Exp: [unary],
  Expm1: [unary],
  Log: [unaryPositive],
  Log1p: [unaryPositive],
  Sqrt: [unaryPositive],
  Rsqrt: [unaryPositive],
  Square: [unary],
  Reciprocal: [unaryPositive],
  Erf: [unary],
  Softplus: [unary],
  Relu: [unary],
  Relu6: [{ inputs: { x: { shape: [3, 4], spread: 9 } } }],
  LeakyRelu: [{ inputs: { x: matrix }, attributes: { alpha: 0.2 } }],
  Elu: [unary],
  Selu: [unary],
  Abs: [unary],
  ClipByValue: [{ inputs: { x: matrix }, attributes: { clipValueMin: -0.4, clipValueMax: 0.5 } }],
  Sin: [unary],
  Cos: [unary],
  Tan: [unary],
  Sinh: [unary],
  Cosh: [unary],
  Asin: [{ inputs: { x: { shape: [3, 4], spread: 0.8 } } }],
  Acos: [{ inputs: { x: { shape: [3, 4], spread: 0.8 } } }],
  Atan: [unary],
  Asinh: [unary],
  Acosh: [unaryPositive],
  Atanh: [{ inputs: { x: { shape: [3, 4], spread: 0.8 } } }],
  Cast: [{ inputs: { x: matrix }, attributes: { dtype: "float32" } }],
  EluGrad: [{ inputs: { dy: matrix, y: { shape: [3, 4], spread: 0.9 } } }],
  Add: [binary, { inputs: { a: { shape: [1, 4] }, b: { shape: [3, 1] } } }],
  AddN: [{ inputs: [matrix, matrix, matrix] }],
  Sub: [binary, { inputs: { a: { shape: [1, 4] }, b: { shape: [3, 1] } } }],
  Multiply: [binary],
  RealDiv: [{ inputs: { a: matrix, b: { shape: [1, 4], centre: 2 } } }, { inputs: { a: { shape: [4] }, b: positive } }],
  Maximum: [binary],
  Minimum: [binary],
  SquaredDifference: [binary],
  Pow: [
    { inputs: { a: positive, b: { shape: [], centre: 2 } } },
    { inputs: { a: { shape: [4], centre: 2 }, b: matrix } },
  ],
  Atan2: [{ inputs: { a: positive, b: matrix } }],
  Mod: [{ inputs: { a: { shape: [3, 4], centre: 1.3, spread: 0.1 }, b: { shape: [4], centre: 1, spread: 0.1 } } }],
  Prelu: [{ inputs: { x: matrix, alpha: { shape: [4] } } }],
  Select: [
    {
      inputs: {
        condition: { shape: [2, 3], values: [1, 0, 0, 1, 1, 0], dtype: "bool" },
        t: { shape: [2, 3] },
        e: { shape: [2, 3] },
      },
    },
  ],
  Sum: [{ inputs: { x: { shape: [2, 3, 4] } }, attributes: { axis: [0, 2], keepDims: true } }],
  Mean: [{ inputs: { x: { shape: [2, 3, 4] } }, attributes: { axis: [1], keepDims: false } }],
  Cumsum: [{ inputs: { x: matrix }, attributes: { axis: 1, exclusive: true, reverse: true } }],
  Max: [{ inputs: { x: { shape: [2, 3, 4] } }, attributes: { reductionIndices: [1], keepDims: false } }],
  Min: [{ inputs: { x: { shape: [2, 3, 4] } }, attributes: { axis: [0, 2], keepDims: true } }],
  Softmax: [{ inputs: { logits: matrix }, attributes: { dim: 1 } }],
  BatchMatMul: [
    {
      inputs: { a: { shape: [2, 3, 4] }, b: { shape: [2, 4, 2] } },
      attributes: { transposeA: false, transposeB: false },
    },
    { inputs: { a: { shape: [4, 3] }, b: { shape: [2, 4] } }, attributes: { transposeA: true, transposeB: true } },
  ],
  _FusedMatMul: [
    {
      inputs: { a: { shape: [1, 3, 4] }, b: { shape: [1, 4, 2] }, bias: { shape: [2] } },
      attributes: { transposeA: false, transposeB: false, activation: "linear" },
    },
  ],
  Conv2D: [{ inputs: { x: images, filter }, attributes: geometry2D }],
  Conv2DBackpropInput: [
    { inputs: { dy: outputImages, filter }, attributes: { ...geometry2D, inputShape: images.shape } },
  ],
  Conv2DBackpropFilter: [
    { inputs: { x: images, dy: outputImages }, attributes: { ...geometry2D, filterShape: filter.shape } },
  ],
  DepthwiseConv2dNative: [{ inputs: { x: images, filter }, attributes: depthwise }],
  DepthwiseConv2dNativeBackpropInput: [
    { inputs: { dy: { shape: [2, 5, 4, 6] }, filter }, attributes: { ...depthwise, inputShape: images.shape } },
  ],
  DepthwiseConv2dNativeBackpropFilter: [
    { inputs: { x: images, dy: { shape: [2, 5, 4, 6] } }, attributes: { ...depthwise, filterShape: filter.shape } },
  ],
  Conv3D: [{ inputs: { x: volumes, filter: filter3D }, attributes: geometry3D }],
  Conv3DBackpropInputV2: [
    { inputs: { dy: outputVolumes, filter: filter3D }, attributes: { ...geometry3D, inputShape: volumes.shape } },
  ],
  Conv3DBackpropFilterV2: [
    { inputs: { x: volumes, dy: outputVolumes }, attributes: { ...geometry3D, filterShape: filter3D.shape } },
  ],
  FusedConv2D: [
    { inputs: { x: images, filter, bias: { shape: [3] } }, attributes: { ...geometry2D, activation: "linear" } },
  ],
  FusedDepthwiseConv2D: [
    { inputs: { x: images, filter, bias: { shape: [6] } }, attributes: { ...depthwise, activation: "linear" } },
  ],
  MaxPool: [
    { inputs: { x: images }, attributes: pooling },
    { inputs: { x: images }, attributes: { ...pooling, filterSize: 2, strides: 2, pad: "valid" } },
    { inputs: { x: images }, attributes: { ...pooling, filterSize: 3, strides: 1, pad: 1, dimRoundingMode: "floor" } },
  ],
  MaxPoolGrad: [
    {
      inputs: {
        dy: { shape: [2, 3, 4, 2] },
        input: { ...images, dtype: "int32" },
        output: { shape: [2, 3, 4, 2], dtype: "int32" },
      },
      attributes: pooling,
    },
  ],
  MaxPool3D: [
    { inputs: { x: volumes }, attributes: pooling3D },
    { inputs: { x: volumes }, attributes: { ...pooling3D, filterSize: [1, 3, 3], strides: 1, pad: "same" } },
    {
      inputs: { x: spacedVolumes },
      attributes: { ...pooling3D, filterSize: 3, strides: [1, 2, 1], pad: 1, dimRoundingMode: "floor" },
    },
  ],
  // Along dy alone: the input and its pooling are those of the volumes whose elements rise along every axis.
  MaxPool3DGrad: [
    {
      inputs: {
        dy: { shape: [1, 2, 2, 2, 1] },
        input: { shape: [1, 4, 4, 4, 1], values: Array.from({ length: 64 }, (_, index) => index), dtype: "int32" },
        output: { shape: [1, 2, 2, 2, 1], values: [21, 23, 29, 31, 53, 55, 61, 63], dtype: "int32" },
      },
      attributes: pooling3D,
    },
  ],
  AvgPool: [{ inputs: { x: images }, attributes: pooling }],
  AvgPoolGrad: [{ inputs: { dy: { shape: [2, 3, 4, 2] }, input: images }, attributes: pooling }],
  AvgPool3D: [{ inputs: { x: volumes }, attributes: pooling3D }],
  AvgPool3DGrad: [{ inputs: { dy: { shape: [1, 2, 2, 2, 2] }, input: volumes }, attributes: pooling3D }],
  FusedBatchNorm: [
    {
      inputs: {
        x: images,
        mean: { shape: [2] },
        variance: { shape: [2], centre: 2 },
        scale: { shape: [2] },
        offset: { shape: [2] },
      },
      attributes: { varianceEpsilon: 1e-3 },
    },
    {
      inputs: { x: images, mean: images, variance: { ...images, centre: 2 } },
      attributes: { varianceEpsilon: 1e-3 },
    },
  ],
  LRN: [{ inputs: { x: { shape: [2, 2, 2, 5] } }, attributes: neighbours }],
  LRNGrad: [
    {
      inputs: { x: { shape: [2, 2, 2, 5] }, y: { shape: [2, 2, 2, 5] }, dy: { shape: [2, 2, 2, 5] } },
      attributes: neighbours,
    },
  ],
  Identity: [unary],
  Reshape: [{ inputs: { x: matrix }, attributes: { shape: [2, 6] } }],
  ExpandDims: [{ inputs: { input: matrix }, attributes: { dim: 1 } }],
  Transpose: [{ inputs: { x: matrix }, attributes: { perm: [1, 0] } }],
  Reverse: [{ inputs: { x: matrix }, attributes: { dims: [1] } }],
  Slice: [{ inputs: { x: matrix }, attributes: { begin: [1, 0], size: [2, 3] } }],
  StridedSlice: [
    {
      inputs: { x: matrix },
      attributes: {
        begin: [0, 1],
        end: [3, 4],
        strides: [2, 2],
        beginMask: 0,
        endMask: 0,
        ellipsisMask: 0,
        newAxisMask: 0,
        shrinkAxisMask: 0,
      },
    },
  ],
  Tile: [{ inputs: { x: matrix }, attributes: { reps: [2, 1] } }],
  Concat: [{ inputs: [matrix, { shape: [3, 2] }], attributes: { axis: 1 } }],
  Pack: [{ inputs: [matrix, matrix], attributes: { axis: 1 } }],
  Unpack: [{ inputs: { value: matrix }, attributes: { axis: 0 } }],
  SplitV: [{ inputs: { x: matrix }, attributes: { numOrSizeSplits: [1, 3], axis: 1 } }],
  PadV2: [
    {
      inputs: { x: matrix },
      attributes: {
        paddings: [
          [1, 0],
          [0, 2],
        ],
        constantValue: 3,
      },
    },
  ],
  MirrorPad: [
    {
      inputs: { x: matrix },
      attributes: {
        paddings: [
          [1, 0],
          [0, 2],
        ],
        mode: "reflect",
      },
    },
  ],
  SpaceToBatchND: [
    {
      inputs: { x: { shape: [1, 4, 4, 2] } },
      attributes: {
        blockShape: [2, 2],
        paddings: [
          [0, 0],
          [0, 0],
        ],
      },
    },
  ],
  BatchToSpaceND: [
    {
      inputs: { x: { shape: [4, 2, 2, 2] } },
      attributes: {
        blockShape: [2, 2],
        crops: [
          [0, 0],
          [0, 0],
        ],
      },
    },
  ],
  DepthToSpace: [{ inputs: { x: { shape: [1, 2, 2, 4] } }, attributes: { blockSize: 2, dataFormat: "NHWC" } }],
  ResizeBilinear: [{ inputs: { images }, attributes: { alignCorners: false, halfPixelCenters: false, size: [3, 6] } }],
  ResizeBilinearGrad: [{ inputs: { dy: { shape: [2, 3, 6, 2] }, images }, attributes: { alignCorners: false } }],
  ResizeNearestNeighbor: [
    { inputs: { images }, attributes: { alignCorners: false, halfPixelCenters: false, size: [3, 6] } },
  ],
  ResizeNearestNeighborGrad: [
    // The plain-JavaScript kernel is right for a single image only.
    {
      inputs: { dy: { shape: [1, 10, 8, 2] }, images: { shape: [1, 5, 4, 2] } },
      attributes: { alignCorners: false },
    },
  ],
  GatherV2: [
    {
      inputs: { x: matrix, indices: { shape: [3], values: [2, 0, 2], dtype: "int32" } },
      attributes: { axis: 0, batchDims: 0 },
    },
  ],
  GatherNd: [{ inputs: { params: matrix, indices: { shape: [2, 2], values: [1, 3, 0, 2], dtype: "int32" } } }],
  ScatterNd: [
    {
      inputs: { indices: { shape: [2, 1], values: [3, 1], dtype: "int32" }, updates: { shape: [2, 3] } },
      attributes: { shape: [5, 3] },
    },
  ],
  UnsortedSegmentSum: [
    {
      inputs: { x: matrix, segmentIds: { shape: [3], values: [1, 0, 1], dtype: "int32" } },
      attributes: { numSegments: 3 },
    },
  ],
};

interface Prepared {
  readonly operation: Operation;
  readonly values: Map<number, Tensor>;
  readonly floats: readonly number[];
}

function prepare(kernelName: string, { inputs, attributes = {} }: Case): Prepared {
  const takesList = Array.isArray(inputs);
  const values = new Map<number, Tensor>();
  const floats: number[] = [];
  const ids = Object.entries(inputs as Readonly<Record<string, Input>>).map(([name, input], index) => {
    const { shape, centre = 0, spread = 1, dtype } = input;
    const data =
      input.values ?? Array.from(seededValues(tf.util.sizeFromShape(shape), index), (value) => centre + spread * value);
    values.set(index, tf.tensor(data, shape, input.values === undefined ? "float32" : (dtype ?? "float32")));
    if (dtype === undefined) floats.push(index);
    return [name, index] as const;
  });
  const operation = {
    kernelName,
    inputs: Object.fromEntries(ids),
    takesList,
    attributes,
    outputs: [],
    pass: "forward" as const,
  };
  return { operation, values, floats };
}

function evaluate(engine: Engine, operation: Operation, values: ReadonlyMap<number, Tensor>): Tensor[] {
  return runOperation(new Kernels(engine), operation, (name) => {
    const value = values.get(operation.inputs[name] ?? -1);
    if (value === undefined) throw new Error(`no input ${name}`);
    return value;
  });
}

/** Tangents of the outputs along a direction of the float inputs, by the rule. */
function byRule(engine: Engine, prepared: Prepared, direction: (id: number, size: number) => Float32Array): number[] {
  const { operation, values, floats } = prepared;
  const outputs = evaluate(engine, operation, values);
  const outputIds = outputs.map((_, index) => 100 + index);
  const all = new Map(values);
  outputs.forEach((output, index) => all.set(100 + index, output));
  // Each output stands for the gradient of a variable of its own, so that a Hessian-vector product is the tangents wanted.
  const variables = floats.map((id) => ({ id, name: String(id), values: [id], gradient: -1 }));
  const sized = variables.map((variable) => {
    const tensor = values.get(variable.id);
    return { ...variable, shape: tensor?.shape ?? [], size: tensor?.size ?? 0 };
  });
  const sinks = outputIds.map((id, index) => ({
    id: 1000 + id,
    name: "output",
    shape: outputs[index]?.shape ?? [],
    size: outputs[index]?.size ?? 0,
    values: [],
    gradient: id,
  }));
  const program = makeProgram([...sized, ...sinks], [{ ...operation, outputs: outputIds }], 100, () => true);
  expect(program.unsupported).toEqual([]);
  const point = new TracePoint(engine, program, all, []);
  const flat = [
    ...sized.flatMap(({ id, size }) => [...direction(id, size)]),
    ...sinks.flatMap(({ size }) => Array.from({ length: size }, () => 0)),
  ];
  return Array.from(point.hessianVector(flat)).slice(sized.reduce((sum, { size }) => sum + size, 0));
}

/** The same by central differences of the kernel. */
function byDifferences(
  engine: Engine,
  prepared: Prepared,
  direction: (id: number, size: number) => Float32Array,
): number[] {
  const { operation, values, floats } = prepared;
  const step = 2 ** -9;
  const [up, down] = [1, -1].map((sign) => {
    const moved = new Map(values);
    for (const id of floats) {
      const tensor = values.get(id) as tf.Tensor;
      const shift = tf.tensor(direction(id, tensor.size), tensor.shape);
      moved.set(id, tf.add(tensor, tf.mul(shift, sign * step)));
    }
    return evaluate(engine, operation, moved).flatMap((output) => Array.from(engine.readSync(output.dataId)));
  });
  return (up ?? []).map((value, index) => (value - (down?.[index] ?? 0)) / (2 * step));
}

const seededDirection = (id: number, size: number) => seededValues(size, 50 + id);

const listed = Object.entries(cases).flatMap(([kernel, kernelCases]) =>
  kernelCases.map((given, index) => ({ kernel, given, label: index === 0 ? kernel : `${kernel}, case ${index + 1}` })),
);

test.each(listed)("tangents through $label equal central differences", async ({ kernel, given }) => {
  const engine = await useBackend("cpu");
  engine.tidy(() => {
    const prepared = prepare(kernel, given);
    const actual = byRule(engine, prepared, seededDirection);
    const expected = byDifferences(engine, prepared, seededDirection);
    expect(actual.length).toBe(expected.length);
    const scale = Math.max(0.1, ...expected.map(Math.abs));
    const worst = Math.max(...expected.map((value, index) => Math.abs(value - (actual[index] ?? Number.NaN))));
    // A step of 2e-3 in float32: cancellation 6e-8·scale/2e-3 = 3e-5, truncation 4e-6 times a third derivative of up to 100.
    expect(worst / scale).toBeLessThan(5e-4);
  });
});

test("every kernel with a rule has a case here", () => {
  expect(Object.keys(cases).toSorted()).toEqual(differentiableKernels.toSorted());
});

describe("at kinks and ties, a rule takes the side that TensorFlow.js's gradient takes", () => {
  const along = (kernel: string, given: Case, direction: readonly number[][]) => {
    const engine = useBackend("cpu");
    return engine.then((ready) =>
      ready.tidy(() => byRule(ready, prepare(kernel, given), (id) => Float32Array.from(direction[id] ?? []))),
    );
  };
  const x = (...values: number[]): Case => ({ inputs: { x: { shape: [values.length], values } } });

  test("ReLU, ReLU6 and absolute value", async () => {
    expect(await along("Relu", x(0, -0, 1), [[1, 1, 1]])).toEqual([0, 0, 1]);
    expect(await along("Relu6", x(0, 6, 7), [[1, 1, 1]])).toEqual([0, 1, 0]);
    expect(await along("Abs", x(0, 2, -2), [[1, 1, 1]])).toEqual([-1, 1, -1]);
  });

  test("the ends of a clipped interval are inside", async () => {
    const given = { ...x(-1, 1, 1.5), attributes: { clipValueMin: -1, clipValueMax: 1 } };
    expect(await along("ClipByValue", given, [[1, 1, 1]])).toEqual([1, 1, 0]);
  });

  test("of two equal operands, Maximum and Minimum take the first", async () => {
    const given: Case = { inputs: { a: { shape: [1], values: [2] }, b: { shape: [1], values: [2] } } };
    expect(await along("Maximum", given, [[3], [5]])).toEqual([3]);
    expect(await along("Minimum", given, [[3], [5]])).toEqual([3]);
  });

  test("equal largest elements share the tangent of a maximum evenly", async () => {
    const given = { ...x(2, 2, 1), attributes: { reductionIndices: [0], keepDims: false } };
    expect(await along("Max", given, [[4, 8, 100]])).toEqual([6]);
  });

  test("max pooling takes the first of equal elements, negative ones too", async () => {
    const given: Case = {
      inputs: { x: { shape: [1, 2, 2, 1], values: [-3, -1, -1, -2] } },
      attributes: { filterSize: 2, strides: 2, pad: "valid", dimRoundingMode: null },
    };
    expect(await along("MaxPool", given, [[1, 2, 4, 8]])).toEqual([2]);
  });

  test("a power of zero with exponent 0 or 1 has slopes 0 and 1, and not NaN", async () => {
    const given: Case = {
      inputs: { a: { shape: [2], values: [0, 0] }, b: { shape: [2], values: [0, 1], dtype: "int32" } },
    };
    const floats: Case = {
      inputs: { a: given.inputs["a" as never], b: { shape: [2], values: [0, 1] } },
    };
    expect(
      await along("Pow", floats, [
        [1, 1],
        [0, 0],
      ]),
    ).toEqual([0, 1]);
  });
});
