import type { Tensor } from "../../engine.ts";
import { indicesOfLargest, pickByIndex, returnByIndex } from "../largestInWindow.ts";
import { linearIn, UnsupportedKernelError, type Rule, type RuleContext, type Rules } from "../rule.ts";

/**
 * On WebAssembly, TensorFlow.js's own MaxPoolGrad sends the gradient of a window without a positive element to the first pixel
 * of all, and Conv3DBackpropInputV2 adds to memory that it has not cleared: curvature of such gradients would be of no loss.
 */
export function unlessBroken(rule: Rule): Rule {
  return (context) => {
    const { kernels, kernelName } = context;
    if (kernels.backendName === "wasm" && !kernels.isComposed(kernelName)) {
      throw new UnsupportedKernelError([kernelName], "the WebAssembly backend's own is wrong");
    }
    return rule(context);
  };
}

/** Where the largest elements lie that a max pooling took and that its gradient goes back to. */
function largest({ kernels, attributes, constant }: RuleContext, x: Tensor, pooled: Tensor): Tensor {
  return constant("indices of the largest", () => indicesOfLargest(kernels, x, pooled, attributes), pooled);
}

/** Max pooling picks one element a window, so its gradient is linear in dy and piecewise constant in the rest. */
export const poolingRules: Rules = {
  MaxPool: (context) => {
    const { kernels, tangent, input, output } = context;
    const xTangent = tangent("x");
    return xTangent && pickByIndex(kernels, xTangent, largest(context, input("x"), output), output.shape);
  },
  MaxPoolGrad: unlessBroken((context) => {
    const { kernels, kernelName, tangent, input, rerun, output } = context;
    const dyTangent = tangent("dy");
    if (dyTangent === undefined) return undefined;
    if (!kernels.isComposed(kernelName)) return rerun({ dy: dyTangent });
    return returnByIndex(kernels, dyTangent, largest(context, input("input"), input("output")), output.shape);
  }),
  AvgPool: linearIn("x"),
  AvgPoolGrad: linearIn("dy"),
  AvgPool3D: linearIn("x"),
  AvgPool3DGrad: linearIn("dy"),
};
