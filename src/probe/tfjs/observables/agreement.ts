import type { Measurement, ObservedStep } from "./observable.ts";
import { dot, squaredNorm } from "./vectors.ts";

export interface Agreement {
  /** Cosine of the angle between the recorded gradient and the one that the optimizer was given. */
  readonly cosine: number;
  /** Norm of the optimizer's gradient over that of the recorded one: below 1 where it was clipped. */
  readonly ratio: number;
}

/** Below this the optimizer has stepped on something else than what was recorded. */
const leastCosine = 1 - 1e-4;

/** Compares the gradient of the record with the optimizer's, over the record's variables; undefined where one is missing. */
export function agreementOf(step: ObservedStep): Agreement | undefined {
  if (step.trace === undefined) return undefined;
  const recorded = step.trace.gradient();
  let product = 0;
  let given = 0;
  let offset = 0;
  for (const { name, size } of step.trace.variables) {
    const gradient = step.gradient(name);
    if (gradient?.length !== size) return undefined;
    product += dot(recorded.subarray(offset, offset + size), gradient);
    given += squaredNorm(gradient);
    offset += size;
  }
  const own = squaredNorm(recorded);
  if (own === 0 && given === 0) return { cosine: 1, ratio: 1 };
  if (own === 0 || given === 0) return { cosine: 0, ratio: Math.sqrt(given / own) };
  return { cosine: product / Math.sqrt(own * given), ratio: Math.sqrt(given / own) };
}

/** Whether curvature along the record is that of the loss that was stepped on; clipping by a common factor is no hindrance. */
export function agrees({ cosine }: Agreement): boolean {
  return cosine >= leastCosine;
}

export function agreementMeasurement({ cosine, ratio }: Agreement): Measurement {
  return {
    values: { "gradient/cosine": cosine, "gradient/ratio": ratio },
    method: "recorded gradient against the optimizer's",
  };
}
