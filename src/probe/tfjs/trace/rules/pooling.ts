import type { Tensor } from "../../engine.ts";
import { indicesOfLargestInVolume } from "../largestInVolume.ts";
import { indicesOfLargest, pickByIndex, returnByIndex } from "../largestInWindow.ts";
import { linearIn, UnsupportedKernelError, type Rule, type RuleContext, type Rules } from "../rule.ts";
import { cropsInFront, triple } from "../volumeGeometry.ts";

/**
 * On WebAssembly, TensorFlow.js's own max poolings of volumes and gradients of max poolings are wrong for windows without a
 * positive element, and its gradients of convolutions of volumes leave out what lies near the padding or add to memory that they
 * have not cleared: curvature of such gradients would be of no loss.
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

/**
 * The same for volumes, where all backends but the composed one take the last of equal elements.
 *
 * @throws UnsupportedKernelError where windows leave elements out, or the plain-JavaScript backend's gradient mixes up the elements of a window.
 */
function largestInVolume(
  { kernels, kernelName, attributes, constant }: RuleContext,
  x: Tensor,
  pooled: Tensor,
): Tensor {
  const window = triple(attributes["filterSize"]);
  const [, height, width] = window;
  if (cropsInFront(attributes, window))
    throw new UnsupportedKernelError([kernelName], "with strides beyond the window");
  if (kernels.backendName === "cpu" && height !== width) {
    const detail = "the plain-JavaScript backend's gradient is wrong for windows that are not as high as wide";
    throw new UnsupportedKernelError([kernelName], detail);
  }
  const ties = kernels.isComposed("MaxPool3DGrad") ? "first" : "last";
  const indices = () => indicesOfLargestInVolume(kernels, x, pooled, attributes, ties);
  return constant("indices of the largest", indices, pooled);
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
  MaxPool3D: unlessBroken((context) => {
    const { kernels, tangent, input, output } = context;
    const xTangent = tangent("x");
    return xTangent && pickByIndex(kernels, xTangent, largestInVolume(context, input("x"), output), output.shape);
  }),
  MaxPool3DGrad: unlessBroken((context) => {
    const { kernels, tangent, input, output } = context;
    const dyTangent = tangent("dy");
    if (dyTangent === undefined) return undefined;
    return returnByIndex(kernels, dyTangent, largestInVolume(context, input("input"), input("output")), output.shape);
  }),
  AvgPool: linearIn("x"),
  AvgPoolGrad: linearIn("dy"),
  AvgPool3D: linearIn("x"),
  AvgPool3DGrad: linearIn("dy"),
};
