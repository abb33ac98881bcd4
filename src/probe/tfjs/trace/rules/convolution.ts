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

export const convolutionRules: Rules = {
  Conv2D: bilinearIn("x", "filter"),
  Conv2DBackpropInput: bilinearIn("dy", "filter"),
  Conv2DBackpropFilter: bilinearIn("x", "dy"),
  DepthwiseConv2dNative: bilinearIn("x", "filter"),
  DepthwiseConv2dNativeBackpropInput: bilinearIn("dy", "filter"),
  DepthwiseConv2dNativeBackpropFilter: bilinearIn("x", "dy"),
  Conv3D: bilinearIn("x", "filter"),
  Conv3DBackpropInputV2: unlessBroken(bilinearIn("dy", "filter")),
  Conv3DBackpropFilterV2: bilinearIn("x", "dy"),
  FusedConv2D: fused("Conv2D"),
  FusedDepthwiseConv2D: fused("DepthwiseConv2dNative"),
};
