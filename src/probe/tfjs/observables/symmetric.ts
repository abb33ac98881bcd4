import { EigenvalueDecomposition, Matrix } from "ml-matrix";

/** Rows of a matrix in row-major order. */
export interface Rows {
  readonly values: ArrayLike<number>;
  readonly rows: number;
  readonly columns: number;
}

/** A·Aᵀ or Aᵀ·A, whichever is smaller: their eigenvalues are the squared singular values. */
export function smallerGram(matrix: Rows): Matrix {
  return matrix.rows <= matrix.columns ? gramOfRows(matrix) : gramOfColumns(matrix);
}

/** A·Aᵀ, in float64. */
export function gramOfRows({ values, rows, columns }: Rows): Matrix {
  const gram = Matrix.zeros(rows, rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      const [first, second] = [i * columns, j * columns];
      for (let column = 0; column < columns; column++) {
        sum += (values[first + column] ?? 0) * (values[second + column] ?? 0);
      }
      gram.set(i, j, sum);
      gram.set(j, i, sum);
    }
  }
  return gram;
}

function gramOfColumns({ values, rows, columns }: Rows): Matrix {
  const sums = new Float64Array(columns * columns);
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    for (let i = 0; i < columns; i++) {
      const factor = values[start + i] ?? 0;
      if (factor === 0) continue;
      for (let j = 0; j <= i; j++)
        sums[i * columns + j] = (sums[i * columns + j] ?? 0) + factor * (values[start + j] ?? 0);
    }
  }
  const gram = Matrix.zeros(columns, columns);
  for (let i = 0; i < columns; i++) {
    for (let j = 0; j <= i; j++) {
      gram.set(i, j, sums[i * columns + j] ?? 0);
      gram.set(j, i, sums[i * columns + j] ?? 0);
    }
  }
  return gram;
}

/** Eigenvalues of a Gram matrix, descending; what rounding has left of zero is zero. */
export function gramEigenvalues(gram: Matrix): number[] {
  const { realEigenvalues } = new EigenvalueDecomposition(gram, { assumeSymmetric: true });
  const descending = realEigenvalues.toSorted((a, b) => b - a);
  const smallest = (descending[0] ?? 0) * gram.rows * Number.EPSILON;
  return descending.map((value) => (value > smallest ? value : 0));
}
