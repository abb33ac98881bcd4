import type { Tensor } from "../../engine.ts";
import { patchesOf, patchesPay, patchesProduct } from "../patchesProduct.ts";
import { addTangents, bilinearIn, UnsupportedKernelError, type Rule, type Rules } from "../rule.ts";
import { unlessBroken } from "./pooling.ts";

/** A fused convolution with a linear activation: the plain convolution, plus the bias. */
function fused(plainKernel: string): Rule {
  return ({ kernels, kernelName, tangent, input, has, output, attributes }) => {
    const { activation, ...geometry } = attributes;
    if (activation !== undefined && activation !== null && activation !== "linear") {
      throw new UnsupportedKernelError([kernelName], `with activation ${JSON.stringify(activation)}`);
    }
    const [xTangent, filterTangent] = [tangent("x"), tangent("filter")];
    const biasTangent = has("bias") ? tangent("bias") : undefined;
    return addTangents(
      kernels,
      xTangent && kernels.run(plainKernel, { x: xTangent, filter: input("filter") }, geometry),
      filterTangent && kernels.run(plainKernel, { x: input("x"), filter: filterTangent }, geometry),
      biasTangent && kernels.broadcastTo(biasTangent, output.shape),
    );
  };
}

/** Bytes of one convolution's patches worth keeping from product to product. */
const mostPatchBytes = 64 * 1024 * 1024;

/** The filter's gradient is bilinear; where it is a product with patches of the recorded images, those serve all products. */
const filterGradient: Rule = (context) => {
  const { kernels, tangent, input, constant, attributes } = context;
  const [xTangent, dyTangent] = [tangent("x"), tangent("dy")];
  const [x, dy] = [input("x"), input("dy")];
  const filterShape = attributes["filterShape"] as number[];
  const [rows = 1, columns = 1] = filterShape;
  const positions = dy.size / (dy.shape.at(-1) ?? 1);
  const bytes = 4 * rows * columns * (x.shape.at(-1) ?? 1) * positions;
  if (!patchesPay(kernels, attributes) || bytes > mostPatchBytes) return bilinearIn("x", "dy")(context);
  const seen = (images: Tensor) => patchesOf(kernels, images, attributes, dy.shape);
  return addTangents(
    kernels,
    xTangent && patchesProduct(kernels, seen(xTangent), dy, filterShape),
    dyTangent &&
      patchesProduct(
        kernels,
        constant("patches", () => seen(x)),
        dyTangent,
        filterShape,
      ),
  );
};

export const convolutionRules: Rules = {
  Conv2D: bilinearIn("x", "filter"),
  Conv2DBackpropInput: bilinearIn("dy", "filter"),
  Conv2DBackpropFilter: filterGradient,
  DepthwiseConv2dNative: bilinearIn("x", "filter"),
  DepthwiseConv2dNativeBackpropInput: bilinearIn("dy", "filter"),
  DepthwiseConv2dNativeBackpropFilter: bilinearIn("x", "dy"),
  Conv3D: bilinearIn("x", "filter"),
  Conv3DBackpropInputV2: unlessBroken(bilinearIn("dy", "filter")),
  Conv3DBackpropFilterV2: unlessBroken(bilinearIn("x", "dy")),
  FusedConv2D: fused("Conv2D"),
  FusedDepthwiseConv2D: fused("DepthwiseConv2dNative"),
};
