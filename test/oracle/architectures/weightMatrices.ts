import { Matrix } from "ml-matrix";
import type { Architecture } from "./architecture.ts";

/** Each variable as a matrix [inputs, units], a convolution's kernel with a row for each offset and channel. */
export type Matrices = ReadonlyMap<string, Matrix>;

export function matricesOf(architecture: Architecture, flat: ArrayLike<number>): Matrices {
  let offset = 0;
  return new Map(
    architecture.variables.map(({ name, shape }) => {
      const size = shape.reduce((all, each) => all * each, 1);
      const columns = shape.at(-1) ?? 1;
      const matrix = Matrix.from1DArray(size / columns, columns, Array.from(flat).slice(offset, offset + size));
      offset += size;
      return [name, matrix];
    }),
  );
}

export function matrixIn(matrices: Matrices, name: string): Matrix {
  const matrix = matrices.get(name);
  if (matrix === undefined) throw new RangeError(`There is no weight ${name}.`);
  return matrix;
}
