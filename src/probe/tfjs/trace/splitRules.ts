import type { Attributes } from "../engine.ts";
import { normalizedAxes } from "./kernels.ts";
import { elementwiseRules } from "./rules/elementwise.ts";

/** Thrown where a recorded evaluation cannot be taken apart along its batch. */
export class UnsplittableError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = "UnsplittableError";
  }
}

/** What a rule sees of one input of a recorded kernel: its name and its recorded shape. */
export interface SplitInput {
  readonly name: string;
  readonly shape: readonly number[];
}

/** The batch axis of one input, and how long it was and is to be. */
export interface SplitAxis {
  readonly axis: number;
  readonly whole: number;
  readonly part: number;
}

/** How a kernel works on a part of the batch. */
export interface SplitRule {
  /**
   * A name for each axis of an input: axes of one name are split together. An axis without a name cannot be the batch's, as the
   * kernel mixes its elements by their places.
   */
  names(input: SplitInput, attributes: Attributes, inputs: readonly SplitInput[]): readonly (string | undefined)[];
  /** Attributes for the part; those that name no sizes of the batch stay as they are. */
  attributes?(attributes: Attributes, split: SplitAxis, input: SplitInput, outputShape: readonly number[]): Attributes;
}

/** Axes are matched from the last, as NumPy broadcasts. */
const broadcast: SplitRule = {
  names: ({ shape }) => shape.map((_, axis) => `${shape.length - axis} from the end`),
};

/** As `broadcast`; a condition with an element for each row is another matter. */
const select: SplitRule = {
  names: ({ shape }, _attributes, inputs) =>
    shape.map((_, axis) =>
      inputs.every((input) => input.shape.length === shape.length) ? `${shape.length - axis} from the end` : undefined,
    ),
};

/** As `broadcast`, but for the axes that an attribute lists. */
function broadcastExcept(attribute: string): SplitRule {
  return {
    names: ({ shape }, attributes) => {
      const excluded = normalizedAxes(attributes[attribute], shape.length);
      return shape.map((_, axis) => (excluded.includes(axis) ? undefined : `${shape.length - axis} from the end`));
    },
  };
}

/** The first axis of the inputs named is the batch's. */
function leading(names: readonly string[], sized?: string): SplitRule {
  return {
    names: ({ name, shape }) => shape.map((_, axis) => (axis === 0 && names.includes(name) ? "examples" : undefined)),
    ...(sized !== undefined && {
      attributes: (attributes, { part }) => {
        const shape = attributes[sized] as readonly number[];
        return { ...attributes, [sized]: [part, ...shape.slice(1)] };
      },
    }),
  };
}

const matrixProduct: SplitRule = {
  names({ name, shape }, attributes) {
    const rank = shape.length;
    if (!["a", "b", "bias"].includes(name)) return shape.map(() => undefined);
    const plain = name === "a" ? ["row", "inner"] : name === "b" ? ["inner", "column"] : ["row", "column"];
    const isTransposed = attributes[`transpose${name.toUpperCase()}`] === true;
    const last = isTransposed ? plain.toReversed() : plain;
    return shape.map((_, axis) => (axis < rank - 2 ? `${rank - axis} from the end` : last[axis - rank + 2]));
  },
};

const reshape: SplitRule = {
  names: broadcast.names.bind(broadcast),
  attributes(attributes, { axis, whole, part }, { shape }, outputShape) {
    const before = product(shape.slice(0, axis));
    const place = outputShape.findIndex(
      (extent, index) =>
        product(outputShape.slice(0, index)) === before && Number.isInteger((extent * part) / whole) && extent > 1,
    );
    const extent = outputShape[place];
    if (extent === undefined) throw new UnsplittableError("a reshape mixes the batch axis with others");
    return { ...attributes, shape: outputShape.with(place, (extent * part) / whole) };
  },
};

const slice: SplitRule = {
  names: ({ shape }, attributes) => {
    const [begin, size] = [listed(attributes["begin"]), listed(attributes["size"])];
    return shape.map((extent, axis) =>
      (begin[axis] ?? 0) === 0 && [extent, -1, undefined].includes(size[axis]) ? `axis ${axis}` : undefined,
    );
  },
  attributes(attributes, { axis, part }) {
    const size = listed(attributes["size"]);
    return axis < size.length ? { ...attributes, size: size.with(axis, part) } : attributes;
  },
};

const pad: SplitRule = {
  names: ({ shape }, attributes) => {
    const paddings = attributes["paddings"] as readonly (readonly [number, number])[];
    return shape.map((_, axis) => (paddings[axis]?.every((width) => width === 0) ? `axis ${axis}` : undefined));
  },
};

const tile: SplitRule = {
  names: ({ shape }, attributes) =>
    shape.map((_, axis) => (listed(attributes["reps"])[axis] === 1 ? `axis ${axis}` : undefined)),
};

const gather: SplitRule = {
  names({ name, shape }, attributes, inputs) {
    if (name === "indices") return shape.map((_, axis) => `index ${axis}`);
    const rank = inputs.find((input) => input.name === "x")?.shape.length ?? 0;
    const [axis] = normalizedAxes(attributes["axis"] ?? 0, rank);
    const simple = Number(attributes["batchDims"] ?? 0) === 0;
    return shape.map((_, index) => (simple && index !== axis ? `axis ${index}` : undefined));
  },
};

const segmentSum: SplitRule = {
  names: ({ name, shape }) =>
    shape.map((_, axis) => (axis === 0 ? "segment" : name === "x" ? `axis ${axis}` : undefined)),
};

/** Statistics of each channel are none of the batch's; layer normalization gives some for each element, of x's shape but for ones before it. */
const batchNorm: SplitRule = {
  names({ shape }, _attributes, inputs) {
    const x = inputs.find((input) => input.name === "x")?.shape ?? [];
    const isLikeX = x.every((extent, axis) => extent === (shape[axis + shape.length - x.length] ?? 1));
    return shape.map((_, axis) =>
      isLikeX && axis < shape.length - 1 ? `${shape.length - axis} from the end` : undefined,
    );
  },
};

const softmax: SplitRule = {
  names: ({ shape }) => shape.map((_, axis) => (axis < shape.length - 1 ? `${axis}` : undefined)),
};

const elementwise = [
  ...Object.keys(elementwiseRules),
  ...["Add", "AddN", "Sub", "Multiply", "RealDiv", "Maximum", "Minimum", "SquaredDifference", "Pow", "Atan2", "Mod"],
  ...["Prelu", "FloorDiv", "Floor", "Ceil", "Round", "Sign", "Step", "ZerosLike", "OnesLike", "Identity"],
  ...["Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual", "LogicalAnd", "LogicalOr", "LogicalNot"],
  // These take one input, or several of one shape; where the batch has gone is seen from what comes out.
  ...["Sum", "Mean", "Max", "Min", "Prod", "Any", "All", "Transpose", "ExpandDims", "Pack", "OneHot"],
];

const rules: Readonly<Record<string, SplitRule>> = {
  ...Object.fromEntries(elementwise.map((name) => [name, broadcast])),
  Select: select,
  Concat: broadcastExcept("axis"),
  Unpack: broadcastExcept("axis"),
  SplitV: broadcastExcept("axis"),
  Cumsum: broadcastExcept("axis"),
  ArgMax: broadcastExcept("axis"),
  Reverse: broadcastExcept("dims"),
  Softmax: softmax,
  BatchMatMul: matrixProduct,
  _FusedMatMul: matrixProduct,
  Reshape: reshape,
  Slice: slice,
  PadV2: pad,
  Tile: tile,
  GatherV2: gather,
  UnsortedSegmentSum: segmentSum,
  FusedBatchNorm: batchNorm,
  ...Object.fromEntries(
    ["Conv2D", "Conv3D", "DepthwiseConv2dNative", "FusedConv2D", "FusedDepthwiseConv2D"].map((name) => [
      name,
      leading(["x"]),
    ]),
  ),
  ...Object.fromEntries(
    ["Conv2DBackpropInput", "Conv3DBackpropInputV2", "DepthwiseConv2dNativeBackpropInput"].map((name) => [
      name,
      leading(["dy"], "inputShape"),
    ]),
  ),
  ...Object.fromEntries(
    ["Conv2DBackpropFilter", "Conv3DBackpropFilterV2", "DepthwiseConv2dNativeBackpropFilter"].map((name) => [
      name,
      leading(["x", "dy"]),
    ]),
  ),
  ...Object.fromEntries(
    [
      ...[
        "MaxPool",
        "AvgPool",
        "MaxPool3D",
        "AvgPool3D",
        "MaxPoolGrad",
        "AvgPoolGrad",
        "MaxPool3DGrad",
        "AvgPool3DGrad",
      ],
      ...["LRN", "LRNGrad"],
    ].map((name) => [name, leading(["x", "y", "dy", "input", "output"])]),
  ),
  ...Object.fromEntries(
    ["ResizeBilinear", "ResizeNearestNeighbor", "ResizeBilinearGrad", "ResizeNearestNeighborGrad"].map((name) => [
      name,
      leading(["images", "dy"]),
    ]),
  ),
};

/** @throws UnsplittableError where nothing is known of the kernel. */
export function splitRule(kernelName: string): SplitRule {
  const rule = Object.hasOwn(rules, kernelName) ? rules[kernelName] : undefined;
  if (rule === undefined) throw new UnsplittableError(`nothing is known of ${kernelName} on a part of the batch`);
  return rule;
}

function listed(value: unknown): number[] {
  return Array.isArray(value) ? [...(value as number[])] : [value as number];
}

function product(extents: readonly number[]): number {
  return extents.reduce((total, extent) => total * extent, 1);
}
