import type { Tensor } from "../../engine.ts";
import type { Kernels } from "../kernels.ts";
import { addTangents, UnsupportedKernelError, type RuleContext, type Rules } from "../rule.ts";

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

  /** y = x·n^(−β) with n = bias + α·(sum of x² over the neighbouring channels). */
  LRN: (context) => {
    const { kernels, tangent, input, output, attributes, constant } = context;
    const [x, xTangent] = [input("x"), tangent("x")];
    if (xTangent === undefined) return undefined;
    const beta = Number(attributes["beta"]);
    const norm = normOfNeighbours(context);
    const slope = () => kernels.scale(kernels.divide(output, norm), -beta);
    const direct = constant("power", () => power(kernels, norm, -beta));
    return kernels.add(
      kernels.multiply(direct, xTangent),
      kernels.multiply(constant("slope", slope), normTangent(context, kernels.multiply(x, xTangent))),
    );
  },
  /** dx = dy·n^(−β) − 2αβ·x·(sum of dy·y/n over the neighbouring channels). */
  LRNGrad: (context) => {
    const { kernels, tangent, input, attributes, constant } = context;
    const [x, y, dy] = [input("x"), input("y"), input("dy")];
    const [xTangent, yTangent, dyTangent] = [tangent("x"), tangent("y"), tangent("dy")];
    const [alpha, beta] = [Number(attributes["alpha"]), Number(attributes["beta"])];
    const norm = normOfNeighbours(context);
    const direct = constant("power", () => power(kernels, norm, -beta));
    const share = constant("share", () => kernels.divide(kernels.multiply(dy, y), norm));
    const change = xTangent && normTangent(context, kernels.multiply(x, xTangent));
    const directTangent = change && kernels.scale(kernels.divide(kernels.multiply(direct, change), norm), -beta);
    const shareTangent = addTangents(
      kernels,
      dyTangent && kernels.divide(kernels.multiply(dyTangent, y), norm),
      yTangent && kernels.divide(kernels.multiply(dy, yTangent), norm),
      change && kernels.negate(kernels.divide(kernels.multiply(share, change), norm)),
    );
    const back = addTangents(
      kernels,
      xTangent && kernels.multiply(xTangent, sumOfNeighbours(context, share)),
      shareTangent && kernels.multiply(x, sumOfNeighbours(context, shareTangent)),
    );
    return addTangents(
      kernels,
      dyTangent && kernels.multiply(dyTangent, direct),
      directTangent && kernels.multiply(dy, directTangent),
      back && kernels.scale(back, -2 * alpha * beta),
    );
  },
};

/** n of a local response normalization, above. */
function normOfNeighbours(context: RuleContext): Tensor {
  const { kernels, input, attributes, constant } = context;
  const squares = () => sumOfNeighbours(context, kernels.square(input("x")));
  const norm = () => kernels.offset(kernels.scale(squares(), Number(attributes["alpha"])), Number(attributes["bias"]));
  return constant("norm", norm);
}

/** Tangent of n, from the product of x and its tangent. */
function normTangent(context: RuleContext, product: Tensor): Tensor {
  return context.kernels.scale(sumOfNeighbours(context, product), 2 * Number(context.attributes["alpha"]));
}

/** Sum over the channels at most `depthRadius` away, as a product with a matrix of ones about the diagonal. */
function sumOfNeighbours({ kernels, attributes, constant }: RuleContext, values: Tensor): Tensor {
  const channels = values.shape.at(-1) ?? 1;
  const radius = Number(attributes["depthRadius"]);
  const band = () =>
    kernels.tensor(
      Float32Array.from({ length: channels * channels }, (_, index) =>
        Number(Math.abs((index % channels) - Math.floor(index / channels)) <= radius),
      ),
      [1, channels, channels],
    );
  const rows = kernels.reshape(values, [1, values.size / channels, channels]);
  return kernels.reshape(kernels.matMul(rows, constant("neighbours", band)), values.shape);
}

function power(kernels: Kernels, base: Tensor, exponent: number): Tensor {
  return kernels.run("Pow", { a: base, b: kernels.scalar(exponent) });
}
