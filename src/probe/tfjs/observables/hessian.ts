import { mostBasisVectors } from "../trace/krylovSpace.ts";
import type { SymmetricOperator } from "../trace/symmetricOperator.ts";
import type { Trace } from "../trace/trace.ts";
import { Unmeasurable } from "./observable.ts";

/** Measured: products in float32 carry a relative error of 1e-7 to 2e-6 of the operator's scale. */
export const productRounding = 2e-6;

/**
 * The Hessian of the recorded loss, for a method that keeps so many vectors of the weights' length. Throws `Unmeasurable` where
 * some kernel has no tangent rule, or where these would not fit in memory.
 */
export function hessianOf(
  trace: Pick<Trace, "parameterCount" | "unsupported" | "hessianVector">,
  vectors: number,
): SymmetricOperator {
  requireTangentRules(trace);
  if (mostBasisVectors(trace.parameterCount) < vectors) {
    throw new Unmeasurable(
      "curvature-memory",
      `Eigenvalues, trace and spectrum of the Hessian are left out where ${vectors} vectors of ${trace.parameterCount} weights would not fit in the memory set aside for them.`,
    );
  }
  return { dimension: trace.parameterCount, product: (vector) => trace.hessianVector(vector) };
}

export function requireTangentRules(trace: Pick<Trace, "unsupported">): void {
  if (trace.unsupported.length === 0) return;
  throw new Unmeasurable(
    "unsupported-kernels",
    `Curvature is not measured: there is no tangent rule for ${trace.unsupported.join(", ")}.`,
  );
}
