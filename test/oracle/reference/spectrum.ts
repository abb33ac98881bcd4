import { at } from "./scalarTape.ts";

/**
 * Whether all eigenvalues of a symmetric matrix lie below a bound: exactly then bound·I − A has a Cholesky factor. No iteration,
 * no eigenvectors, nothing in common with Lanczos.
 */
export function allEigenvaluesBelow(matrix: readonly Float64Array[], bound: number): boolean {
  const factor: Float64Array[] = [];
  for (const [row, elements] of matrix.entries()) {
    const current = new Float64Array(row + 1);
    for (let column = 0; column <= row; column++) {
      const other = column === row ? current : at(factor, column);
      let rest = (column === row ? bound : 0) - at(elements, column);
      for (let k = 0; k < column; k++) rest -= (current[k] ?? 0) * (other[k] ?? 0);
      if (column < row) current[column] = rest / at(other, column);
      else if (rest > 0) current[column] = Math.sqrt(rest);
      else return false;
    }
    factor.push(current);
  }
  return true;
}

/** Largest eigenvalue of a symmetric matrix by bisection, to a relative accuracy; `guess` only makes it quicker. */
export function largestEigenvalueByBisection(matrix: readonly Float64Array[], guess: number, accuracy: number): number {
  let half = Math.max(Math.abs(guess), Number.MIN_VALUE) * 64 * accuracy;
  while (!allEigenvaluesBelow(matrix, guess + half)) half *= 8;
  let high = guess + half;
  half = Math.max(Math.abs(guess), Number.MIN_VALUE) * 64 * accuracy;
  while (allEigenvaluesBelow(matrix, guess - half)) {
    high = guess - half;
    half *= 8;
  }
  let low = guess - half;
  while (high - low > accuracy * Math.max(Math.abs(high), Math.abs(low))) {
    const middle = (low + high) / 2;
    if (allEigenvaluesBelow(matrix, middle)) high = middle;
    else low = middle;
  }
  return (low + high) / 2;
}
