import { NonFiniteProductError } from "../trace/krylovSpace.ts";
import { measureSharpness } from "../trace/sharpness.ts";
import type { Trace } from "../trace/trace.ts";
import { productRounding, requireTangentRules } from "./hessian.ts";
import { Unmeasurable, type Observable } from "./observable.ts";
import { dot, squaredNorm } from "./vectors.ts";

/** Relative accuracy of the eigenvalue: the derivative is along its eigenvector, which is less accurate. */
const tolerance = 1e-4;
/** Half-width of the difference over the norm of the weights: cubes of it and rounding in float32 weigh about the same. */
const relativeStep = 0.01;

/**
 * `sharpness/progressive`: −∇S·∇L, with S the largest eigenvalue of the Hessian and ∇S = ∇(uᵀHu) for its unit eigenvector u
 * (Damian, Nichani and Lee 2023; Cohen et al. 2021 for the name): the rate dS/d(η·step) at which gradient descent sharpens, before S is a
 * threshold. Of the loss that was stepped on, and along its gradient, whatever direction the optimizer makes of it.
 *
 * By central differences of uᵀHu at the recorded evaluation replayed at w ± τg and w ± 2τg, extrapolated to τ = 0. Where rectifiers or
 * poolings switch on the way, as they do in training, curvature jumps: it is then the rate over this way, and the error grows by the jumps.
 */
export function progressiveSharpening(): Observable {
  let starts: readonly Float32Array[] = [];
  return {
    name: "sharpness/progressive",
    price: 1.5,
    record: "measure",
    needsTrace: true,
    needsWeights: false,
    applies: () => true,
    measure({ trace }) {
      if (trace === undefined) return undefined;
      requireTangentRules(trace);
      const known = starts.filter(({ length }) => length === trace.parameterCount);
      const sharpness = measureSharpness(trace, { tolerance, starts: known });
      starts = sharpness.nextStarts;
      if (!sharpness.converged) {
        throw new Unmeasurable(
          "progressive-not-converged",
          `The rate of progressive sharpening was left out at some steps: ${sharpness.products} Hessian-vector products were not enough to find the eigenvector.`,
        );
      }
      const rate = rateAlong(trace, sharpness.vector, sharpness.value);
      return (
        rate && {
          values: { "sharpness/progressive": rate.value },
          error: { "sharpness/progressive": rate.error },
          method: `central differences of uᵀHu along the gradient; ${sharpness.products} Hessian-vector products for u, and 4 for the differences`,
        }
      );
    },
  };
}

function rateAlong(
  trace: Trace,
  eigenvector: Float32Array,
  here: number,
): { value: number; error: number } | undefined {
  const [weights, gradient] = [trace.weights(), trace.gradient()];
  const step = relativeStep * Math.sqrt(squaredNorm(weights) / squaredNorm(gradient));
  if (!Number.isFinite(step) || step === 0) return undefined;
  const curvature = (time: number) => {
    const point = trace.at(weights.map((weight, index) => weight - time * (gradient[index] ?? 0)));
    try {
      return dot(eigenvector, point.hessianVector(eigenvector));
    } finally {
      point.dispose();
    }
  };
  const [before, after] = [curvature(-step), curvature(step)];
  const [longBefore, longAfter] = [curvature(-2 * step), curvature(2 * step)];
  const [near, far] = [(after - before) / (2 * step), (longAfter - longBefore) / (4 * step)];
  if (!Number.isFinite(near) || !Number.isFinite(far)) throw new NonFiniteProductError();
  const correction = (near - far) / 3;
  // The two differences have errors of rounding/step and half that, which extrapolation weighs by 4/3 and 1/3.
  const smooth = Math.abs(correction) + (1.5 * productRounding * Math.abs(here)) / step;
  // Fourth difference: next to nothing where the curvature is smooth, and at least the jump where a kink is crossed.
  const jump = Math.abs(longAfter - 4 * after + 6 * here - 4 * before + longBefore);
  return { value: near + correction, error: smooth + jump / (2 * step) };
}
