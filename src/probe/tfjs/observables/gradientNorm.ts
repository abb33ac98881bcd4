import type { Observable } from "./observable.ts";
import { squaredNorm } from "./vectors.ts";

/** `gradient/norm`: Euclidean norm of the gradient that the optimizer was given, over all its variables. */
export const gradientNorm: Observable = {
  name: "gradient/norm",
  price: "cheap",
  record: "step",
  needsTrace: false,
  needsWeights: false,
  applies: () => true,
  measure(step) {
    const squares = step.variables.map((name) => squaredNorm(step.gradient(name) ?? []));
    const value = Math.sqrt(squares.reduce((sum, each) => sum + each, 0));
    return { values: { "gradient/norm": value }, method: "of the gradients given to the optimizer" };
  },
};
