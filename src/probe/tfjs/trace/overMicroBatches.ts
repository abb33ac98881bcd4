import { addScaled, norm } from "./krylovSpace.ts";
import { permutation } from "./permutation.ts";
import { UnsplittableError } from "./splitRules.ts";
import type { Trace } from "./trace.ts";
import type { TracePoint } from "./tracePoint.ts";

/** One part of the batch. */
export interface MicroBatch<T> {
  readonly examples: number;
  /** What the part's own loss, gradient and curvature are to be multiplied by to become means over its examples. */
  readonly factor: number;
  /** |g_part − g|², with the part's mean gradient and the whole batch's. */
  readonly squaredDeviation: number;
  /** Whatever was looked up at the part, without the factor. */
  readonly found: T;
}

/** Relative to the norms of the parts' gradients; float32 sums over examples in another order differ by about 1e-6. */
const tolerance = 1e-4;

/**
 * Splits the recorded batch at random into parts of nearly equal size, evaluates each at the recorded weights, and checks that
 * the parts' gradients make up the whole one.
 *
 * @param batch examples in the batch.
 * @param count parts wanted, at least 2 and at most `batch`.
 * @param visit is handed each part and its gradient (without the factor) in turn; the part is freed afterwards.
 * @throws UnsplittableError where the parts do not make up the whole: batch statistics, weight penalties, or kernels that
 *   cannot work on a part.
 */
export function overMicroBatches<T>(
  trace: Trace,
  { batch, count, seed }: { readonly batch: number; readonly count: number; readonly seed: number },
  visit: (point: TracePoint, gradient: Float32Array) => T,
): MicroBatch<T>[] {
  const whole = trace.gradient();
  // As sums where constants of the whole batch divide the loss; as means where each part divides by its own count.
  const sum = new Float64Array(whole.length);
  const mean = new Float64Array(whole.length);
  let squares = 0;
  const parts = shuffledParts(batch, count, seed).map((examples) => {
    const point = trace.onExamples({ batch, examples });
    try {
      const gradient = point.gradient();
      squares += norm(gradient) ** 2;
      addScaled(sum, gradient, 1);
      addScaled(mean, gradient, examples.length / batch);
      const deviations = {
        sum: deviation(gradient, batch / examples.length, whole),
        mean: deviation(gradient, 1, whole),
      };
      return { examples: examples.length, deviations, found: visit(point, gradient) };
    } finally {
      point.dispose();
    }
  });
  const near = (total: Float64Array) => Math.sqrt(deviation(total, 1, whole)) <= tolerance * Math.sqrt(squares);
  // Parts that are all like the whole would as well come of having cut what the gradient does not depend on.
  const differ = parts.some(({ deviations }) => Math.sqrt(deviations.mean) > tolerance * norm(whole));
  const how = near(sum) ? "sum" : near(mean) && differ ? "mean" : undefined;
  if (how === undefined) {
    throw new UnsplittableError("the gradients of its parts do not make up that of the whole batch");
  }
  return parts.map(({ examples, deviations, found }) => ({
    examples,
    factor: how === "sum" ? batch / examples : 1,
    squaredDeviation: deviations[how],
    found,
  }));
}

/** |factor·vector − whole|² */
function deviation(vector: ArrayLike<number>, factor: number, whole: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < whole.length; index++) {
    sum += (factor * (vector[index] ?? 0) - (whole[index] ?? 0)) ** 2;
  }
  return sum;
}

/** Neighbours in a batch may be alike, so parts are drawn at random. */
function shuffledParts(batch: number, count: number, seed: number): number[][] {
  const order = permutation(batch, seed);
  return Array.from({ length: count }, (_, part) =>
    order.slice(Math.floor((part * batch) / count), Math.floor(((part + 1) * batch) / count)).toSorted((a, b) => a - b),
  );
}
