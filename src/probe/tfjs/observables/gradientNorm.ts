import { layerMatrices } from "./layerMatrices.ts";
import type { Observable } from "./observable.ts";
import { squaredNorm } from "./vectors.ts";

/**
 * `gradient/norm`: Euclidean norm of the gradient that the optimizer was given, over all its variables; `gradient/norm@layer`: of its
 * part for a layer's weights, biases and gains left out. At initialization its square goes from layer to layer as χ₁ to the depth
 * (Schoenholz et al. 2017).
 */
export const gradientNorm: Observable = {
  name: "gradient/norm",
  price: "cheap",
  record: "step",
  needsTrace: false,
  needsWeights: false,
  applies: () => true,
  measure(step) {
    const squares = new Map(step.variables.map((name) => [name, squaredNorm(step.gradient(name) ?? [])]));
    const values: Record<string, number> = {
      "gradient/norm": Math.sqrt(squares.values().reduce((sum, each) => sum + each, 0)),
    };
    for (const { layer, variable } of layerMatrices(step)) {
      values[`gradient/norm@${layer}`] = Math.sqrt(squares.get(variable) ?? Number.NaN);
    }
    return { values, method: "of the gradients given to the optimizer" };
  },
};
