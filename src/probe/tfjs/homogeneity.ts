import type { ForwardGraph } from "./forwardGraph.ts";
import type { Operation } from "./trace/operation.ts";
import { readFloats } from "./stepView.ts";
import type { Engine } from "./engine.ts";

/** How a value scales where some weights are multiplied by c > 0: by cᵏ, with this k; undefined where by no power of c. */
export type Degree = number | undefined;

/** A constant so small that it is there only to keep a divisor from zero. */
const largestGuard = 1e-2;

/** First order in each input by itself: degrees add. By kernel, its two factors. */
const products: ReadonlyMap<string, readonly [string, string]> = new Map([
  ["Multiply", ["a", "b"]],
  ["BatchMatMul", ["a", "b"]],
  ["_FusedMatMul", ["a", "b"]],
  ["Conv2D", ["x", "filter"]],
  ["FusedConv2D", ["x", "filter"]],
  ["DepthwiseConv2dNative", ["x", "filter"]],
  ["FusedDepthwiseConv2D", ["x", "filter"]],
  ["Conv3D", ["x", "filter"]],
  ["Conv2DBackpropInput", ["dy", "filter"]],
]);
/** Kernels whose output scales as all their inputs together. */
const together = new Set([
  ...["Add", "AddV2", "AddN", "BiasAdd", "Sub", "Maximum", "Minimum", "Concat", "Pack"],
  ...["Identity", "Reshape", "ExpandDims", "Squeeze", "Transpose", "Slice", "StridedSlice", "SplitV", "Unpack"],
  ...["Tile", "BroadcastTo", "Reverse", "GatherV2", "MirrorPad", "SpaceToBatchND", "BatchToSpaceND"],
  ...["Sum", "Mean", "Max", "Min", "Neg", "Abs", "Relu", "LeakyRelu", "AvgPool", "MaxPool", "AvgPool3D", "MaxPool3D"],
  ...["ResizeBilinear", "ResizeNearestNeighbor", "Cumsum"],
]);
/** Inputs that say where, not what. */
const places = new Set(["indices"]);
/** Exponents that kernels of one input put a value to. */
const powers: ReadonlyMap<string, number> = new Map([
  ["Square", 2],
  ["Sqrt", 0.5],
  ["Rsqrt", -0.5],
  ["Reciprocal", -1],
]);
const scalingActivations = new Set<unknown>([undefined, "linear", "relu"]);

/**
 * How every value of a trace scales with some weights, found kernel by kernel: through products, averages, rectifiers, roots and
 * quotients. What guards a root or a divisor against zero is overlooked. Where the loss has degree 0, it is invariant.
 *
 * @param weights ids of the values that are multiplied.
 * @returns the degrees of the values that depend on the weights.
 */
export function degreesOf(engine: Engine, graph: ForwardGraph, weights: Iterable<number>): ReadonlyMap<number, Degree> {
  const degrees = new Map<number, Degree>([...weights].map((id) => [id, 1]));
  for (const operation of graph.operations) {
    if (!Object.values(operation.inputs).some((id) => degrees.has(id))) continue;
    const isGuard = (id: number) => !degrees.has(id) && isSmall(engine, graph, id);
    const degree = degreeOf(operation, (id) => (degrees.has(id) ? degrees.get(id) : 0), isGuard);
    for (const id of operation.outputs) degrees.set(id, degree);
  }
  return degrees;
}

function degreeOf(operation: Operation, of: (id: number) => Degree, isGuard: (id: number) => boolean): Degree {
  const { kernelName, inputs, attributes } = operation;
  const all = Object.values(inputs).map(of);
  // Whatever is made of values that stay the same stays the same.
  if (all.every((degree) => degree === 0)) return 0;
  const named = (name: string) => {
    const id = inputs[name];
    return id === undefined ? undefined : of(id);
  };
  const factors = products.get(kernelName);
  if (factors !== undefined) return productDegree(operation, sum(named(factors[0]), named(factors[1])), named);
  const exponent = powers.get(kernelName);
  if (exponent !== undefined) return scaled(all[0], exponent);
  switch (kernelName) {
    case "RealDiv":
    case "DivNoNan":
      return sum(named("a"), scaled(named("b"), -1));
    case "SquaredDifference":
      return scaled(common(all), 2);
    case "FusedBatchNorm": {
      const [x, mean, variance, scale = 0, offset = 0] = ["x", "mean", "variance", "scale", "offset"].map(named);
      const isNormalized = x !== undefined && mean === x && variance === 2 * x;
      return isNormalized && scale === 0 && offset === 0 ? 0 : undefined;
    }
    case "Cast":
      return attributes["dtype"] === "float32" ? named("x") : undefined;
    case "PadV2":
      return attributes["constantValue"] === 0 ? named("x") : undefined;
    default: {
      if (!together.has(kernelName)) return undefined;
      const entries = Object.entries(inputs).filter(([name]) => !places.has(name));
      return common(entries.filter(([, id]) => !isGuard(id)).map(([, id]) => of(id)));
    }
  }
}

/** A fused product adds a bias and applies a function as well. */
function productDegree(operation: Operation, product: Degree, named: (name: string) => Degree): Degree {
  const { inputs, attributes } = operation;
  const isBiased = inputs["bias"] !== undefined;
  if (!scalingActivations.has(attributes["activation"] ?? undefined)) return undefined;
  return isBiased ? common([product, named("bias")]) : product;
}

function isSmall(engine: Engine, graph: ForwardGraph, id: number): boolean {
  const tensor = graph.trace.primal(id);
  if (tensor?.size !== 1 || graph.variable(id) !== undefined) return false;
  return Math.abs(readFloats(engine, tensor)[0] ?? Number.NaN) <= largestGuard;
}

function sum(first: Degree, second: Degree): Degree {
  return first === undefined || second === undefined ? undefined : first + second;
}

function scaled(degree: Degree, factor: number): Degree {
  return degree === undefined ? undefined : factor * degree;
}

function common(degrees: readonly Degree[]): Degree {
  return degrees.every((degree) => degree === degrees[0]) ? degrees[0] : undefined;
}
