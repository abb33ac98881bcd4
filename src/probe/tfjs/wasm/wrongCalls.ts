import type { Attributes, NamedTensors } from "../engine.ts";
import { cropsInFront, triple } from "../trace/volumeGeometry.ts";

type IsWrong = (inputs: NamedTensors, attributes: Attributes) => boolean;

const someAre =
  (...dtypes: readonly string[]): IsWrong =>
  (inputs) =>
    Object.values(inputs).some((input) => input !== undefined && dtypes.includes(input.dtype));

const isChannelsFirst: IsWrong = (_inputs, { dataFormat }) => String(dataFormat).toUpperCase() === "NCHW";

const ofVolumes = [
  ...["AvgPool3D", "AvgPool3DGrad", "Conv3D", "Conv3DBackpropFilterV2", "Conv3DBackpropInputV2", "MaxPool3D"],
  "MaxPool3DGrad",
];

const leavesElementsOut: IsWrong = ({ filter }, attributes) => {
  const window = filter?.shape ?? attributes["filterShape"] ?? attributes["filterSize"];
  return cropsInFront(attributes, triple(window));
};

/** They refuse whole numbers and booleans, take their bits for those of floating-point numbers, or write outside their memory. */
const ofFloats = [
  ...["AvgPool", "BatchMatMul", "Einsum", "FusedBatchNorm", "MaxPool", "ResizeNearestNeighbor", "StridedSlice"],
  ...["Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atan2", "Atanh", "Ceil", "ClipByValue", "Cos", "Cosh", "Elu"],
  ...["Erf", "Exp", "Expm1", "Floor", "FloorDiv", "IsFinite", "IsInf", "IsNan", "LeakyRelu", "Log", "Log1p", "Mod"],
  ...[
    "Neg",
    "Pow",
    "Prelu",
    "RealDiv",
    "Reciprocal",
    "Relu",
    "Relu6",
    "Round",
    "Rsqrt",
    "Selu",
    "Sigmoid",
    "Sign",
    "Sin",
  ],
  ...["Sinh", "Softmax", "Softplus", "Sqrt", "Square", "Step", "Tan", "Tanh"],
];

const ofNumbers = [
  "Add",
  "AddN",
  "Cumprod",
  "Cumsum",
  "Maximum",
  "Minimum",
  "Multiply",
  "Reverse",
  "SquaredDifference",
  "Sub",
  "TopK",
];

/** Calls of kernels that the WebAssembly backend has, but gets wrong, silently, and that plain JavaScript gets right. */
export const wrongCalls: Readonly<Record<string, IsWrong>> = {
  ...Object.fromEntries(ofFloats.map((name) => [name, someAre("int32", "bool")])),
  ...Object.fromEntries(ofNumbers.map((name) => [name, someAre("bool")])),
  // There are no complex tensors in WebAssembly's memory.
  Cast: (_inputs, { dtype }) => dtype === "complex64",
  // They compare with the smallest positive number where they mean the most negative one.
  Dilation2D: () => true,
  Dilation2DBackpropFilter: () => true,
  Dilation2DBackpropInput: () => true,
  MaxPoolWithArgmax: () => true,
  // It writes whole numbers, whatever type is asked for.
  OneHot: (_inputs, { dtype }) => dtype !== undefined && dtype !== "int32",
  // It fills with whole numbers only.
  RotateWithOffset: (_inputs, { fillValue }) => fillValue !== 0,
  // It writes four bytes where a boolean has one.
  Select: ({ t }) => t?.dtype === "bool",
  // It transforms all images but the first by something else.
  Transform: ({ image }) => image?.shape[0] !== 1,
  ...Object.fromEntries(ofVolumes.map((name) => [name, leavesElementsOut])),
  UnsortedSegmentSum: ({ x }) => x?.dtype !== "float32",
  ...Object.fromEntries(
    ["Conv2D", "Conv2DBackpropFilter", "Conv2DBackpropInput", "FusedConv2D"].map((name) => [name, isChannelsFirst]),
  ),
};
