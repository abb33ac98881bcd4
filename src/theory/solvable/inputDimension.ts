import type { RunView } from "../runView.ts";

export interface InputGrowth {
  /** Inputs of the one run's first matrix, and of the other's. */
  readonly inputs: number;
  readonly others: number;
  /** Path of the module with that matrix, and its units. */
  readonly layer: string;
  readonly units: number;
}

/**
 * How the input dimensions of two runs' models differ, or that they do not, where the models are the same in all else: of all sizes of their parameters
 * one may differ, an axis of the first matrix. With a hidden layer's width more than one would differ, and so it is that of the inputs, whichever axis a
 * framework gives them. Undefined where the models differ otherwise, or the first layer's weights are no matrix.
 */
export function inputGrowth(one: RunView, other: RunView): InputGrowth | undefined {
  const [[model, ...more], [base, ...others]] = [one.models, other.models];
  if (model === undefined || base === undefined || more.length + others.length > 0) return undefined;
  if (model.modules.length !== base.modules.length) return undefined;
  const first = model.modules.findIndex(({ parameterShapes }) => parameterShapes.some(({ length }) => length >= 2));
  let differing: readonly [inputs: number, others: number, units: number] | undefined;
  for (const [index, module] of model.modules.entries()) {
    const twin = base.modules[index];
    if (twin?.kind !== module.kind || twin.path !== module.path) return undefined;
    if (twin.parameterShapes.length !== module.parameterShapes.length) return undefined;
    for (const [at, shape] of module.parameterShapes.entries()) {
      const before = twin.parameterShapes[at] ?? [];
      if (before.length !== shape.length) return undefined;
      for (const [axis, size] of shape.entries()) {
        const was = before[axis] ?? NaN;
        if (size === was) continue;
        if (index !== first || shape.length !== 2 || differing !== undefined) return undefined;
        differing = [size, was, shape[1 - axis] ?? NaN];
      }
    }
  }
  const layer = model.modules[first];
  if (layer === undefined || differing === undefined) return undefined;
  const [inputs, was, units] = differing;
  return { inputs, others: was, layer: layer.path, units };
}
