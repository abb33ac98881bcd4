import type { Observable } from "./observable.ts";

/** `update/norm`: Euclidean norm of the change of all weights in this step. */
export const updateNorm: Observable = {
  name: "update/norm",
  price: "cheap",
  record: "step",
  needsTrace: false,
  needsWeights: true,
  applies: (optimizer) => optimizer !== undefined,
  measure(step) {
    let sum = 0;
    for (const name of step.variables) {
      const before = step.weightsBefore(name);
      const after = step.weightsAfter(name);
      if (before === undefined || after === undefined) return undefined;
      for (let index = 0; index < after.length; index++) sum += ((after[index] ?? 0) - (before[index] ?? 0)) ** 2;
    }
    return { values: { "update/norm": Math.sqrt(sum) }, method: "difference of the weights" };
  },
};
