import { sameShape } from "../kernels.ts";
import { linearIn, UnsupportedKernelError, type Rule, type RuleContext, type Rules } from "../rule.ts";
import type { Tensor } from "../../engine.ts";

/** [height, width] of an attribute that may be one number for both. */
function pair(attribute: unknown): [number, number] {
  const [height = 1, width = height] = Array.isArray(attribute) ? (attribute as number[]) : [Number(attribute)];
  return [height, width];
}

/** Tangent of each window's largest element, found by its index. */
function gatherAtMaximum({ kernels, kernelName, input, output, attributes }: RuleContext, xTangent: Tensor): Tensor {
  const { filterSize, strides, pad } = attributes;
  const [pooled, index] = kernels.runMany(
    "MaxPoolWithArgmax",
    { x: input("x") },
    { filterSize, strides, pad, includeBatchInIndex: true },
  );
  if (pooled === undefined || index === undefined || !sameShape(pooled.shape, output.shape)) {
    throw new UnsupportedKernelError([kernelName], "rounding of the pooled size");
  }
  const flat = kernels.run(
    "GatherV2",
    { x: kernels.reshape(xTangent, [xTangent.size]), indices: kernels.reshape(index, [index.size]) },
    { axis: 0, batchDims: 0 },
  );
  return kernels.reshape(flat, output.shape);
}

/** The same for a backend without MaxPoolWithArgmax, where windows tile the input: mark the maxima, and add up each window. */
function sumMarkedMaxima({ kernels, kernelName, input, output, attributes }: RuleContext, xTangent: Tensor): Tensor {
  const { filterSize, strides, pad, dimRoundingMode } = attributes;
  const [filter, stride, x] = [pair(filterSize), pair(strides), input("x")];
  const tiles = [0, 1].every(
    (axis) =>
      filter[axis as 0 | 1] === stride[axis as 0 | 1] &&
      (output.shape[axis + 1] ?? 0) * filter[axis as 0 | 1] === x.shape[axis + 1],
  );
  if (!tiles) throw new UnsupportedKernelError([kernelName], "overlapping or padded windows on this backend");
  const geometry = { filterSize, strides, pad, dimRoundingMode };
  const ones = kernels.fill(output.shape, 1);
  const marks = kernels.run("MaxPoolGrad", { dy: ones, input: x, output }, geometry);
  const mean = kernels.run("AvgPool", { x: kernels.multiply(marks, xTangent) }, geometry);
  return kernels.scale(mean, filter[0] * filter[1]);
}

const maxPool: Rule = (context) => {
  const xTangent = context.tangent("x");
  if (xTangent === undefined) return undefined;
  return context.kernels.has("MaxPoolWithArgmax")
    ? gatherAtMaximum(context, xTangent)
    : sumMarkedMaxima(context, xTangent);
};

/** Max pooling picks one element a window, so its gradient is linear in dy and piecewise constant in the rest. */
export const poolingRules: Rules = {
  MaxPool: maxPool,
  MaxPoolGrad: linearIn("dy"),
  AvgPool: linearIn("x"),
  AvgPoolGrad: linearIn("dy"),
  AvgPool3D: linearIn("x"),
  AvgPool3DGrad: linearIn("dy"),
  MaxPool3DGrad: linearIn("dy"),
};
