import { NonFiniteProductError } from "../trace/krylovSpace.ts";
import { measureSharpness, type Sharpness } from "../trace/sharpness.ts";
import type { Trace } from "../trace/trace.ts";
import { centralDifference } from "./centralDifference.ts";
import { productRounding, requireTangentRules } from "./hessian.ts";
import { Unmeasurable, type Observable } from "./observable.ts";
import { gradientProducts, sharpnessGradientNorm } from "./sharpnessGradient.ts";
import { dot, squaredNorm } from "./vectors.ts";

/** Relative accuracy of the eigenvalue: the derivative is along its eigenvector, which is less accurate. */
const tolerance = 1e-4;
/** Half-width of the difference over the norm of the weights: cubes of it and rounding in float32 weigh about the same. */
const relativeStep = 0.01;
const rateProducts = 4;

/**
 * `sharpness/progressive`: −∇S·∇L, with S the largest eigenvalue of the Hessian and ∇S = ∇(uᵀHu) for its unit eigenvector u
 * (Damian, Nichani and Lee 2023; Cohen et al. 2021 for the name): the rate dS/d(η·step) at which gradient descent sharpens, before S is a
 * threshold. Of the loss that was stepped on, and along its gradient, whatever direction the optimizer makes of it.
 *
 * By central differences of uᵀHu at the recorded evaluation replayed at w ± τg and w ± 2τg, extrapolated to τ = 0. Where rectifiers or
 * poolings switch on the way, as they do in training, curvature jumps: it is then the rate over this way, and the error grows by the jumps.
 *
 * `sharpness/gradientNorm`: ‖∇S‖, of the same eigenvector: see `sharpnessGradientNorm`.
 */
export function progressiveSharpening(): Observable {
  let starts: readonly Float32Array[] = [];
  return {
    name: "sharpness/progressive",
    price: 2.5,
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
      const values: Record<string, number> = {};
      const error: Record<string, number> = {};
      const rate = rateAlong(trace, sharpness);
      if (rate !== undefined)
        [values["sharpness/progressive"], error["sharpness/progressive"]] = [rate.value, rate.error];
      const slope = sharpnessGradientNorm(trace, sharpness);
      const omitted = slope instanceof Unmeasurable ? [slope] : [];
      if (slope !== undefined && !(slope instanceof Unmeasurable)) {
        [values["sharpness/gradientNorm"], error["sharpness/gradientNorm"]] = [slope.value, slope.error];
      }
      const method = `central differences along the gradient of uᵀHu, and along u of Hu; ${sharpness.products} Hessian-vector products for u, and ${rateProducts} and ${gradientProducts} for the differences`;
      return { values, error, omitted, method };
    },
  };
}

function rateAlong(trace: Trace, { vector, value }: Sharpness): { value: number; error: number } | undefined {
  const [weights, gradient] = [trace.weights(), trace.gradient()];
  const step = relativeStep * Math.sqrt(squaredNorm(weights) / squaredNorm(gradient));
  if (!Number.isFinite(step) || step === 0) return undefined;
  const curvature = (steps: number) => {
    const point = trace.at(weights.map((weight, index) => weight - steps * step * (gradient[index] ?? 0)));
    try {
      return [dot(vector, point.hessianVector(vector))];
    } finally {
      point.dispose();
    }
  };
  const samples = [curvature(-2), curvature(-1), [value], curvature(1), curvature(2)] as const;
  const {
    value: [rate = Number.NaN],
    error,
  } = centralDifference(samples, step, productRounding * Math.abs(value));
  if (!Number.isFinite(rate)) throw new NonFiniteProductError();
  return { value: rate, error };
}
