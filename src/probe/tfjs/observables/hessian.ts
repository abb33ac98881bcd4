import type { SymmetricOperator } from "../trace/symmetricOperator.ts";
import type { Trace } from "../trace/trace.ts";
import { Unmeasurable } from "./observable.ts";

/** Measured: products in float32 carry a relative error of 1e-7 to 2e-6 of the operator's scale. */
export const productRounding = 2e-6;

/** The Hessian of the recorded loss. Throws `Unmeasurable` where some kernel has no tangent rule. */
export function hessianOf(trace: Trace): SymmetricOperator {
  requireTangentRules(trace);
  return { dimension: trace.parameterCount, product: (vector) => trace.hessianVector(vector) };
}

export function requireTangentRules(trace: Trace): void {
  if (trace.unsupported.length === 0) return;
  throw new Unmeasurable(
    "unsupported-kernels",
    `Curvature is not measured: there is no tangent rule for ${trace.unsupported.join(", ")}.`,
  );
}
