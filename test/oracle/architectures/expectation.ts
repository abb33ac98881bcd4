/** What a number is by its definition, and how near to it a measurement has to come. */
export type Expectation = ExactExpectation | RandomExpectation;

export interface ExactExpectation {
  readonly value: number | readonly number[];
  /** Errors are relative to this, else to the largest element of the value. */
  readonly scale?: number;
  /** Largest relative error. */
  readonly tolerance: number;
  /** Relative error that the reference itself may have, where it is not negligible beside the errors that measurements state. */
  readonly slack?: number;
}

/** Of an estimate that depends on random directions. */
export interface RandomExpectation {
  readonly value: number | readonly number[];
  /** Standard deviation of the estimate, from the exact spectrum. */
  readonly deviation: number | readonly number[];
}

export const tolerances = {
  /** What is asked of curvature. */
  curvature: 1e-4,
  /** Sums over a batch of products of a few float32 numbers. */
  single: 1e-5,
  /** In float64 from the same float32 numbers. */
  double: 1e-9,
} as const;

export const exactly = (value: number | readonly number[], tolerance: number, scale?: number): ExactExpectation => ({
  value,
  tolerance,
  ...(scale !== undefined && { scale }),
});
