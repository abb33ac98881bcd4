import type { Observable } from "./observable.ts";
import { dot } from "./vectors.ts";

/**
 * `gradient/alongWeights`: ⟨w, g⟩ over all variables that the optimizer was given a gradient for, at the weights before the step. Where
 * stochastic gradient descent at rate η has become stationary, its mean over steps is η/2 times that of ‖g‖² (Yaida 2018, FDR1), for
 * which `gradient/norm` stands.
 */
export const gradientAlongWeights: Observable = {
  name: "gradient/alongWeights",
  price: "cheap",
  record: "step",
  needsTrace: false,
  needsWeights: true,
  applies: () => true,
  measure(step) {
    let product = 0;
    for (const name of step.variables) {
      const [weights, gradient] = [step.weightsBefore(name), step.gradient(name)];
      if (weights === undefined || gradient?.length !== weights.length) return undefined;
      product += dot(weights, gradient);
    }
    return {
      values: { "gradient/alongWeights": product },
      method: "of weights before the step and the gradients given to the optimizer",
    };
  },
};
