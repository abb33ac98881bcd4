import type { Rule, Rules } from "../rule.ts";
import { linearIn } from "../rule.ts";
import { normalizedAxes } from "../kernels.ts";

/**
 * Max and Min: mean of the tangents of the elements that attain the extremum. Exact for a single one, and for ties of copies of
 * one value, which move together.
 */
const extremum: Rule = ({ kernels, tangent, input, output, attributes, constant }) => {
  const xTangent = tangent("x");
  if (xTangent === undefined) return undefined;
  const x = input("x");
  const axes = normalizedAxes(attributes["reductionIndices"] ?? attributes["axis"], x.shape.length);
  const shares = constant("shares", () => {
    const keptShape = x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
    const attained = kernels.indicator(kernels.compare("Equal", x, kernels.reshape(output, keptShape)));
    return kernels.divide(attained, kernels.sum(attained, axes, true));
  });
  return kernels.reshape(kernels.sum(kernels.multiply(shares, xTangent), axes, false), output.shape);
};

export const reductionRules: Rules = {
  Sum: linearIn("x"),
  Mean: linearIn("x"),
  Cumsum: linearIn("x"),
  Max: extremum,
  Min: extremum,
  Softmax: ({ kernels, tangent, output }) => {
    const logitTangent = tangent("logits");
    if (logitTangent === undefined) return undefined;
    const weighted = kernels.multiply(output, logitTangent);
    const mean = kernels.sum(weighted, weighted.shape.length - 1, true);
    return kernels.subtract(weighted, kernels.multiply(output, mean));
  },
};
