/**
 * Summaries for drawing: per observable and level, the minimum, maximum, last value and counts of buckets of 16^level
 * steps, kept as the points come. Minimum and maximum are over finite points (NaN where a bucket has none); points that
 * are NaN or infinite are counted, so that neither is ever drawn over.
 */

/** Steps a bucket, from one level to the next. */
const levelFactor = 16;

/** Levels 1…7: the coarsest bucket spans 268 million steps. */
export const coarsestLevel = 7;

export interface Bucket {
  readonly number: number;
  readonly firstStep: number;
  minimum: number;
  maximum: number;
  last: number;
  count: number;
  notFinite: number;
}

/** Which bucket of a level a step falls into. */
export function bucketNumber(step: number, level: number): number {
  return Math.floor(step / levelFactor ** level);
}

/** A bucket that holds one point. */
export function bucketOf(step: number, level: number, value: number): Bucket {
  const bucket = {
    number: bucketNumber(step, level),
    firstStep: step,
    minimum: Number.NaN,
    maximum: Number.NaN,
    last: value,
    count: 0,
    notFinite: 0,
  };
  addPoint(bucket, value);
  return bucket;
}

/** Adds a point to whatever keeps a minimum, a maximum, a last value and counts. */
export function addPoint(summary: Omit<Bucket, "number" | "firstStep">, value: number): void {
  summary.count += 1;
  summary.last = value;
  if (!Number.isFinite(value)) {
    summary.notFinite += 1;
    return;
  }
  // Written so that a NaN, which stands for "none yet", gives way.
  if (!(summary.minimum <= value)) summary.minimum = value;
  if (!(summary.maximum >= value)) summary.maximum = value;
}
