import type { Tensor } from "../../engine.ts";
import { sameShape } from "../kernels.ts";
import { addTangents, UnsupportedKernelError, type Rules } from "../rule.ts";

const defaultVarianceEpsilon = 0.001;

export const normalizationRules: Rules = {
  /** y = (x − mean)·scale/√(variance + ε) + offset, with one statistic a channel or one an element. */
  FusedBatchNorm: ({ kernels, kernelName, tangent, input, has, output, attributes }) => {
    const x = input("x");
    const channels = x.shape.at(-1);
    // The kernel repeats its flat statistics along the flat input; only these two layouts mean what broadcasting would mean.
    const broadcasts = (statistic: Tensor) => sameShape(statistic.shape, x.shape) || statistic.size === channels;
    for (const name of ["mean", "variance", "scale", "offset"]) {
      if (has(name) && !broadcasts(input(name))) {
        throw new UnsupportedKernelError([kernelName], `with ${name} of shape [${input(name).shape.join(", ")}]`);
      }
    }
    const optional = (name: string) => (has(name) ? tangent(name) : undefined);
    const [xTangent, meanTangent, varianceTangent] = [tangent("x"), tangent("mean"), tangent("variance")];
    const [scaleTangent, offsetTangent] = [optional("scale"), optional("offset")];
    const varianceEpsilon = Number(attributes["varianceEpsilon"] ?? defaultVarianceEpsilon);
    const inverse = kernels.run("Rsqrt", { x: kernels.offset(input("variance"), varianceEpsilon) });
    const normalized = kernels.multiply(kernels.subtract(x, input("mean")), inverse);
    const inverseTangent =
      varianceTangent &&
      kernels.scale(kernels.multiply(kernels.multiply(kernels.square(inverse), inverse), varianceTangent), -0.5);
    const centredTangent = addTangents(kernels, xTangent, meanTangent && kernels.negate(meanTangent));
    const normalizedTangent = addTangents(
      kernels,
      centredTangent && kernels.multiply(centredTangent, inverse),
      inverseTangent && kernels.multiply(kernels.subtract(x, input("mean")), inverseTangent),
    );
    const scaled =
      normalizedTangent && (has("scale") ? kernels.multiply(normalizedTangent, input("scale")) : normalizedTangent);
    const sum = addTangents(kernels, scaled, scaleTangent && kernels.multiply(normalized, scaleTangent), offsetTangent);
    return sum && kernels.broadcastTo(sum, output.shape);
  },
};
