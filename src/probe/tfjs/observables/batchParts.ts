import { tracedBatch } from "../dataFacts.ts";
import { ForwardGraph } from "../forwardGraph.ts";
import { overMicroBatches, type MicroBatch } from "../trace/overMicroBatches.ts";
import { UnsplittableError } from "../trace/splitRules.ts";
import type { Trace } from "../trace/trace.ts";
import type { TracePoint } from "../trace/tracePoint.ts";
import { Unmeasurable, type ObservedStep } from "./observable.ts";

/** Enough for a spread among parts, few enough that kernels still have work to do. */
const mostParts = 8;

export interface BatchParts<T> {
  readonly batch: number;
  readonly parts: readonly MicroBatch<T>[];
}

/**
 * Visits parts of the step's batch, at the weights of the evaluation: see `overMicroBatches`. The parts are others at each step.
 * Throws `Unmeasurable` where the batch cannot be taken apart.
 */
export function visitParts<T>(
  trace: Trace,
  { step, batch: known }: ObservedStep,
  visit: (point: TracePoint, gradient: Float32Array) => T,
): BatchParts<T> {
  // What entered this evaluation goes before what is said of the data: the last batch of an epoch may be smaller.
  const batch = tracedBatch(new ForwardGraph(trace)) ?? known;
  if (batch === undefined) throw notSplit("it is not known which of the inputs holds the examples");
  if (batch < 2) throw notSplit("it has a single example");
  try {
    const count = Math.min(mostParts, batch);
    return { batch, parts: overMicroBatches(trace, { batch, count, seed: step }, visit) };
  } catch (error) {
    if (error instanceof UnsplittableError) throw notSplit(error.message);
    throw error;
  }
}

function notSplit(reason: string): Unmeasurable {
  return new Unmeasurable(
    "batch-not-split",
    `The gradient noise scale and the sharpness over micro-batches are left out, as the batch cannot be taken apart (${reason}). Batch normalization and weight penalties, for instance, make a loss that is no sum over examples.`,
  );
}
