import type { TracedLayers } from "../layerActivations.ts";
import { residualStream } from "../residualStream.ts";
import { readFloats } from "../stepView.ts";
import type { ObservedStep } from "./observable.ts";
import { squaredNorm } from "./vectors.ts";

/** Root mean square of the residual stream before its first block and after each, over examples, positions and units; empty where there is none. */
export function streamSizes({ engine, trace }: ObservedStep, { graph }: TracedLayers): readonly number[] {
  return residualStream(graph).flatMap((id) => {
    const tensor = trace?.primal(id);
    return tensor === undefined ? [] : [Math.sqrt(squaredNorm(readFloats(engine, tensor)) / tensor.size)];
  });
}
