import type { Tensor } from "../../engine.ts";
import { addTangents, UnsupportedKernelError, type Rules } from "../rule.ts";

const defaultVarianceEpsilon = 0.001;

export const normalizationRules: Rules = {
  /** y = (x − mean)·scale/√(variance + ε) + offset, with one statistic a channel or one an element. */
  FusedBatchNorm: ({ kernels, kernelName, tangent, input, has, output, attributes, constant }) => {
    const x = input("x");
    const channels = x.shape.at(-1) ?? 1;
    // The kernel repeats its flat statistics along the flat input; only these two sizes mean what broadcasting would mean.
    const laidOut = (statistic: Tensor): Tensor => {
      if (statistic.size === channels) return kernels.reshape(statistic, [channels]);
      if (statistic.size === x.size) return kernels.reshape(statistic, x.shape);
      throw new UnsupportedKernelError([kernelName], `with statistics of shape [${statistic.shape.join(", ")}]`);
    };
    const tangentOf = (name: string) => {
      const given = has(name) ? tangent(name) : undefined;
      return given && laidOut(given);
    };
    const [xTangent, meanTangent, varianceTangent] = [tangent("x"), tangentOf("mean"), tangentOf("variance")];
    const [scaleTangent, offsetTangent] = [tangentOf("scale"), tangentOf("offset")];
    const scale = has("scale") ? laidOut(input("scale")) : undefined;
    const varianceEpsilon = Number(attributes["varianceEpsilon"] ?? defaultVarianceEpsilon);
    const inverse = constant("inverse", () =>
      kernels.run("Rsqrt", { x: kernels.offset(laidOut(input("variance")), varianceEpsilon) }),
    );
    const centred = constant("centred", () => kernels.subtract(x, laidOut(input("mean"))));
    const inverseSlope = () => kernels.scale(kernels.multiply(kernels.square(inverse), inverse), -0.5);
    const inverseTangent =
      varianceTangent && kernels.multiply(constant("slope of inverse", inverseSlope), varianceTangent);
    const normalized = () => kernels.multiply(centred, inverse);
    const centredTangent = addTangents(kernels, xTangent, meanTangent && kernels.negate(meanTangent));
    const normalizedTangent = addTangents(
      kernels,
      centredTangent && kernels.multiply(centredTangent, inverse),
      inverseTangent && kernels.multiply(centred, inverseTangent),
    );
    const sum = addTangents(
      kernels,
      normalizedTangent && scale ? kernels.multiply(normalizedTangent, scale) : normalizedTangent,
      scaleTangent && kernels.multiply(constant("normalized", normalized), scaleTangent),
      offsetTangent,
    );
    return sum && kernels.broadcastTo(sum, output.shape);
  },
};
