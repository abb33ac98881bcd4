import { linearIn, linearInAll, UnsupportedKernelError, type Rule, type Rules } from "../rule.ts";

/**
 * TensorFlow.js's plain-JavaScript kernel reads the gradients of every image but the first at the wrong place, so what it gives
 * for several is the gradient of no loss.
 */
const nearestNeighborGradient: Rule = (context) => {
  const { kernels, kernelName, input } = context;
  if (kernels.backendName === "cpu" && (input("images").shape[0] ?? 0) > 1) {
    throw new UnsupportedKernelError([kernelName], "the plain-JavaScript backend's own is wrong for several images");
  }
  return linearIn("dy")(context);
};

/** Kernels that move elements about without changing them. */
export const shapeRules: Rules = {
  Identity: linearIn("x"),
  Reshape: linearIn("x"),
  ExpandDims: linearIn("input"),
  Transpose: linearIn("x"),
  Reverse: linearIn("x"),
  Slice: linearIn("x"),
  StridedSlice: linearIn("x"),
  Tile: linearIn("x"),
  Concat: linearInAll,
  Pack: linearInAll,
  Unpack: linearIn("value"),
  SplitV: linearIn("x"),
  PadV2: ({ kernels, tangent, attributes }) => {
    const xTangent = tangent("x");
    return xTangent && kernels.run("PadV2", { x: xTangent }, { ...attributes, constantValue: 0 });
  },
  MirrorPad: linearIn("x"),
  SpaceToBatchND: linearIn("x"),
  BatchToSpaceND: linearIn("x"),
  DepthToSpace: linearIn("x"),
  ResizeBilinear: linearIn("images"),
  ResizeBilinearGrad: linearIn("dy"),
  ResizeNearestNeighbor: linearIn("images"),
  ResizeNearestNeighborGrad: nearestNeighborGradient,
};
