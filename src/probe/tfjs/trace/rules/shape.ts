import { linearIn, linearInAll, type Rules } from "../rule.ts";

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
  ResizeNearestNeighborGrad: linearIn("dy"),
};
