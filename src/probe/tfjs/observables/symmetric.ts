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
  const all = new Float64Array(values);
  for (let i = 0; i < rows; i++) {
    const first = all.subarray(i * columns, (i + 1) * columns);
    for (let j = 0; j <= i; j++) {
      const product = innerProduct(first, all.subarray(j * columns, (j + 1) * columns));
      gram.set(i, j, product);
      gram.set(j, i, product);
    }
  }
  return gram;
}

/** In four sums, which the processor works on at once. */
function innerProduct(a: Float64Array, b: Float64Array): number {
  const whole = a.length - (a.length % 4);
  let [first, second, third, fourth] = [0, 0, 0, 0];
  for (let index = 0; index < whole; index += 4) {
    first += (a[index] ?? 0) * (b[index] ?? 0);
    second += (a[index + 1] ?? 0) * (b[index + 1] ?? 0);
    third += (a[index + 2] ?? 0) * (b[index + 2] ?? 0);
    fourth += (a[index + 3] ?? 0) * (b[index + 3] ?? 0);
  }
  for (let index = whole; index < a.length; index++) first += (a[index] ?? 0) * (b[index] ?? 0);
  return first + second + third + fourth;
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
