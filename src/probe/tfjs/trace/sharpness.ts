import { largestEigenvalue } from "./lanczos.ts";

/** What sharpness is measured on: a `Trace`, or a `TracePoint` with the count of its parameters. */
export interface CurvatureSource {
  readonly parameterCount: number;
  hessianVector(direction: ArrayLike<number>): Float32Array;
}

export interface SharpnessOptions {
  /** Relative accuracy asked, as 1e-3. */
  readonly tolerance: number;
  /** `nextStarts` of an earlier measurement of the same kind: most of the products are then spared. */
  readonly starts?: readonly ArrayLike<number>[] | undefined;
  /** Diagonal P of an adaptive optimizer's preconditioner, flat, positive: measures P^(−1/2)·H·P^(−1/2) instead of H. */
  readonly preconditioner?: ArrayLike<number> | undefined;
  readonly seed?: number;
  readonly mostProducts?: number;
}

export interface Sharpness {
  /** Largest algebraic eigenvalue, in units of loss over squared weight (without a preconditioner). */
  readonly value: number;
  /** Bound on the distance to the nearest eigenvalue, rounding included. */
  readonly error: number;
  /** Unit eigenvector, flat, in the order of the variables. */
  readonly vector: Float32Array;
  /** It and the next one: the next measurement's `starts`. */
  readonly nextStarts: readonly Float32Array[];
  /** Hessian-vector products spent. */
  readonly products: number;
  /** Whether the accuracy asked was reached; if not, `value` is only a lower bound on the largest eigenvalue. */
  readonly converged: boolean;
}

const defaultSeed = 0x5eed;

/** Measured: products in float32 carry a relative error of 1e-7 to 2e-6 of the operator's scale. */
const productRounding = 1e-6;

/**
 * Sharpness: largest algebraic eigenvalue of the Hessian of the loss that was stepped on, on the same batch and in the same
 * mode (Cohen et al. 2021); with a preconditioner, of the preconditioned Hessian (Cohen et al. 2022, eq. 2).
 *
 * @throws UnsupportedKernelError where the trace has kernels without a tangent rule.
 * @throws NonFiniteProductError where a product is not finite.
 */
export function measureSharpness(source: CurvatureSource, options: SharpnessOptions): Sharpness {
  const { tolerance, starts, preconditioner, seed = defaultSeed } = options;
  const root = preconditioner === undefined ? undefined : inverseRoot(preconditioner, source.parameterCount);
  const result = largestEigenvalue({
    dimension: source.parameterCount,
    tolerance,
    seed,
    starts,
    ...(options.mostProducts === undefined ? {} : { mostProducts: options.mostProducts }),
    product:
      root === undefined
        ? (vector) => source.hessianVector(vector)
        : (vector) => scaleBy(root, source.hessianVector(scaleBy(root, vector))),
  });
  return {
    value: result.value,
    error: result.residual + productRounding * result.scale,
    vector: new Float32Array(result.vector),
    nextStarts: result.nextStarts.map((vector) => new Float32Array(vector)),
    products: result.products,
    converged: result.converged,
  };
}

function inverseRoot(preconditioner: ArrayLike<number>, parameterCount: number): Float64Array {
  if (preconditioner.length !== parameterCount) {
    throw new Error(
      `The preconditioner has ${preconditioner.length} elements, but there are ${parameterCount} parameters.`,
    );
  }
  const root = Float64Array.from(preconditioner, (element) => 1 / Math.sqrt(element));
  if (!root.every((element) => Number.isFinite(element) && element > 0)) {
    throw new RangeError(
      "The preconditioner has elements that are not positive and finite, so it has no inverse root.",
    );
  }
  return root;
}

function scaleBy(factors: Float64Array, vector: ArrayLike<number>): Float64Array {
  return factors.map((factor, index) => factor * (vector[index] ?? 0));
}
