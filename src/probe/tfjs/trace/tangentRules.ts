import type { Rule, Rules } from "./rule.ts";
import { binaryRules } from "./rules/binary.ts";
import { convolutionRules } from "./rules/convolution.ts";
import { elementwiseRules } from "./rules/elementwise.ts";
import { indexingRules } from "./rules/indexing.ts";
import { linearAlgebraRules } from "./rules/linearAlgebra.ts";
import { normalizationRules } from "./rules/normalization.ts";
import { poolingRules } from "./rules/pooling.ts";
import { reductionRules } from "./rules/reductions.ts";
import { shapeRules } from "./rules/shape.ts";

const rules: Rules = {
  ...elementwiseRules,
  ...binaryRules,
  ...reductionRules,
  ...linearAlgebraRules,
  ...convolutionRules,
  ...poolingRules,
  ...normalizationRules,
  ...shapeRules,
  ...indexingRules,
};

/** Kernels with a float output whose derivative is zero wherever it exists. Integer and boolean outputs need no entry. */
const piecewiseConstant: ReadonlySet<string> = new Set([
  "Ceil",
  "Fill",
  "Floor",
  "FloorDiv",
  "LinSpace",
  "Multinomial",
  "OneHot",
  "OnesLike",
  "Range",
  "Round",
  "Sign",
  "Step",
  "ZerosLike",
]);

/** Names of all kernels with a rule. */
export const differentiableKernels: readonly string[] = Object.keys(rules);

/** The tangent rule of a kernel, "constant" where its derivative is zero, undefined where nothing is known about it. */
export function tangentRule(kernelName: string): Rule | "constant" | undefined {
  if (piecewiseConstant.has(kernelName)) return "constant";
  return Object.hasOwn(rules, kernelName) ? rules[kernelName] : undefined;
}
