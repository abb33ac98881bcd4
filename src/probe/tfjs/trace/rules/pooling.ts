import { pickLargest } from "../largestInWindow.ts";
import { linearIn, UnsupportedKernelError, type Rule, type Rules } from "../rule.ts";

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

/** Max pooling picks one element a window, so its gradient is linear in dy and piecewise constant in the rest. */
export const poolingRules: Rules = {
  MaxPool: ({ kernels, tangent, input, output, attributes }) => {
    const xTangent = tangent("x");
    return xTangent && pickLargest(kernels, input("x"), output, xTangent, attributes);
  },
  MaxPoolGrad: unlessBroken(linearIn("dy")),
  AvgPool: linearIn("x"),
  AvgPoolGrad: linearIn("dy"),
  AvgPool3D: linearIn("x"),
  AvgPool3DGrad: linearIn("dy"),
};
