/** A symmetric matrix, known by its products with vectors. */
export interface SymmetricOperator {
  /** Its order. */
  readonly dimension: number;
  readonly product: (vector: Float64Array) => ArrayLike<number>;
}
