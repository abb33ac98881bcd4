import { NonFiniteProductError } from "../trace/krylovSpace.ts";
import type { Sharpness } from "../trace/sharpness.ts";
import type { Trace } from "../trace/trace.ts";
import { centralDifference } from "./centralDifference.ts";
import { productRounding } from "./hessian.ts";
import { Unmeasurable } from "./observable.ts";
import { dot, squaredNorm } from "./vectors.ts";

/** Half-width of the difference over the norm of the weights: as short as rounding allows, for few kinks lie on a short way. */
const relativeStep = 0.002;
/** Largest relative error: laws take its square. */
const mostError = 0.1;
/** Hessian-vector products spent. */
export const gradientProducts = 8;

/**
 * ‖∇S‖ of the largest eigenvalue S of the Hessian, with ∇S = ∇(uᵀHu) = D³L[u, u] for its unit eigenvector u (Damian, Nichani and Lee
 * 2023), by central differences of H·u along u itself. Undefined where the weights are zero.
 *
 * The error is that of the differences, and that which the eigenvector's own error leaves: 2·D³L[u, δ] for ‖δ‖ of at most the
 * residual over the distance to the next eigenvalue (Davis and Kahan 1970), taken as large as along the residual, and along u.
 *
 * `Unmeasurable`, to be told, where the error is more than a tenth: rectifiers or poolings switch on the way, or eigenvalues are close.
 */
export function sharpnessGradientNorm(
  trace: Trace,
  { vector, nextStarts, value: sharpness, error: residual }: Sharpness,
): { value: number; error: number } | Unmeasurable | undefined {
  const weights = trace.weights();
  const step = relativeStep * norm(weights);
  if (step === 0) return undefined;
  const here = trace.hessianVector(vector);
  const rest = Float32Array.from(here, (element, index) => element - sharpness * (vector[index] ?? 0));
  const restNorm = norm(rest);
  const unitRest = restNorm === 0 ? vector : rest.map((element) => element / restNorm);
  const products = (steps: number, directions: readonly Float32Array[]) => {
    const point = trace.at(weights.map((weight, index) => weight + steps * step * (vector[index] ?? 0)));
    try {
      return directions.map((direction) => point.hessianVector(direction));
    } finally {
      point.dispose();
    }
  };
  const [before = here, restBefore = here] = products(-1, [vector, unitRest]);
  const [after = here, restAfter = here] = products(1, [vector, unitRest]);
  const [[longBefore = here], [longAfter = here]] = [products(-2, [vector]), products(2, [vector])];
  const samples = [longBefore, before, here, after, longAfter] as const;
  const difference = centralDifference(samples, step, productRounding * Math.abs(sharpness));
  const value = norm(difference.value);
  const alongRest = norm(restAfter.map((element, index) => element - (restBefore[index] ?? 0))) / (2 * step);
  const gap = gapBelow(trace, sharpness, nextStarts[1]);
  const ofEigenvector = residual === 0 ? 0 : (2 * residual * Math.max(alongRest, value)) / Math.max(0, gap);
  if (!Number.isFinite(value) || Number.isNaN(ofEigenvector)) throw new NonFiniteProductError();
  const error = difference.error + ofEigenvector;
  if (error > mostError * value) return refusal(difference.error > ofEigenvector);
  return { value, error };
}

/** Distance to the next eigenvalue; infinite, where there is none. */
function gapBelow(trace: Trace, sharpness: number, next: Float32Array | undefined): number {
  return next === undefined ? Infinity : sharpness - dot(next, trace.hessianVector(next)) / squaredNorm(next);
}

function norm(vector: Iterable<number>): number {
  return Math.sqrt(squaredNorm(vector));
}

function refusal(isRough: boolean): Unmeasurable {
  const reason = isRough
    ? "the curvature does not change smoothly on the way, because rectifiers or poolings switch there, or hardly changes"
    : "the two largest eigenvalues are too close to each other";
  return new Unmeasurable(
    isRough ? "sharpness-gradient-rough" : "sharpness-gradient-close",
    `The gradient of the sharpness was left out at some steps: ${reason}.`,
    "information",
  );
}
