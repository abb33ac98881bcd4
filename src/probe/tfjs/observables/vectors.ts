/** Sum of squares, in float64. */
export function squaredNorm(vector: Iterable<number>): number {
  let sum = 0;
  for (const element of vector) sum += element * element;
  return sum;
}

/** Inner product of two vectors of one length, in float64. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] ?? 0) * (b[index] ?? 0);
  return sum;
}
