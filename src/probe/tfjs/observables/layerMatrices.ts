import { layerName } from "../layerName.ts";
import type { ObservedStep } from "./observable.ts";

/** A layer's weights as one matrix [inputs, units]: a convolution's kernel has a row for each offset and channel. */
export interface LayerMatrix {
  readonly layer: string;
  readonly variable: string;
  readonly rows: number;
  readonly columns: number;
}

/** Variables of at least two axes that the optimizer has stepped on; biases and gains are no matrices. */
export function layerMatrices(step: ObservedStep): LayerMatrix[] {
  return step.variables.flatMap((variable) => {
    const shape = step.engine.registeredVariables[variable]?.shape ?? [];
    const columns = shape.at(-1) ?? 0;
    if (shape.length < 2 || columns === 0) return [];
    const rows = shape.slice(0, -1).reduce((product, size) => product * size, 1);
    return rows === 0 ? [] : [{ layer: layerName(variable), variable, rows, columns }];
  });
}
