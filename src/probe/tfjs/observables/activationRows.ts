import { readFloats } from "../stepView.ts";
import type { LayerActivation } from "../layerActivations.ts";
import type { ObservedStep } from "./observable.ts";
import { chosen } from "./randomMatrix.ts";
import type { Rows } from "./symmetric.ts";

/** A layer's activation with a row for each example and position, and a column for each unit. */
export function activationRows(step: ObservedStep, { value }: LayerActivation): Rows | undefined {
  const tensor = step.trace?.primal(value);
  const columns = tensor?.shape.at(-1) ?? 0;
  if (tensor === undefined || columns === 0 || tensor.size === 0) return undefined;
  return { values: readFloats(step.engine, tensor), rows: tensor.size / columns, columns };
}

/** At most that many rows, chosen at random if there are more. */
export function someRows({ values, rows, columns }: Rows, most: number): Rows {
  if (rows <= most) return { values, rows, columns };
  const result = new Float64Array(most * columns);
  chosen(rows, most).forEach((row, index) => {
    for (let column = 0; column < columns; column++) {
      result[index * columns + column] = values[row * columns + column] ?? 0;
    }
  });
  return { values: result, rows: most, columns };
}

/**
 * A row for each example: the mean of its activation over positions. For their product, layers may join the two, and put an axis of
 * one before them; `batch` is the number of examples, where known.
 */
export function exampleRows(values: ArrayLike<number>, shape: readonly number[], batch: number | undefined): Rows {
  const [leading = 0, columns = 0] = [shape[0], shape.at(-1)];
  const joined = shape.slice(0, -1).reduce((product, size) => product * size, 1);
  const isJoined = batch !== undefined && (shape.length === 2 || leading === 1) && joined % batch === 0;
  const rows = isJoined ? batch : leading;
  const positions = joined / rows;
  if (positions === 1) return { values, rows, columns };
  const means = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let position = 0; position < positions; position++) {
      const start = (row * positions + position) * columns;
      for (let column = 0; column < columns; column++) {
        const index = row * columns + column;
        means[index] = (means[index] ?? 0) + (values[start + column] ?? 0) / positions;
      }
    }
  }
  return { values: means, rows, columns };
}

/** One below the other; of the same columns. */
export function joinedRows(parts: readonly Rows[]): Rows {
  const columns = parts[0]?.columns ?? 0;
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const values = new Float64Array(rows * columns);
  let offset = 0;
  for (const part of parts) {
    values.set(part.values, offset);
    offset += part.rows * columns;
  }
  return { values, rows, columns };
}
