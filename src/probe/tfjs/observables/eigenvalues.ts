import { topEigenpairs, type TopEigenpairs } from "../trace/topEigenpairs.ts";
import { hessianOf, productRounding } from "./hessian.ts";
import { Unmeasurable, type Observable } from "./observable.ts";
import { dot, squaredNorm } from "./vectors.ts";

/** Relative to the largest eigenvalue in absolute terms. */
const tolerance = 1e-4;
const mostProducts = 120;
/** Eigenvectors that span the space of `gradient/topShare`: the same number at every step, so that shares compare. */
const sharedBy = 10;
/** Beyond it the eigenspace is a mixture with its neighbours, and the share in it says nothing. */
const largestShareError = 0.1;
const seed = 0x70b5;

/**
 * `hessian/eigenvalues` and `hessian/eigenvalues/residual`: vectors of the largest algebraic eigenvalues of the Hessian of the loss
 * that was stepped on, largest first, and of bounds on the distance of each to some eigenvalue. Fewer than asked for where the
 * smaller ones lie too close together to be told apart.
 *
 * `sharpness/gap`: difference of the first two; where it closes, the first has no derivative.
 * `gradient/topShare`: share of |g|² in the space of the first ten eigenvectors (Gur-Ari, Roberts and Dyer 2018), with the share of a random
 * direction as `…/null`.
 *
 * @param count eigenvalues, at most 20.
 */
export function eigenvalues(count = 20): Observable {
  return {
    name: "hessian/eigenvalues",
    price: 4,
    record: "measure",
    needsTrace: true,
    needsWeights: false,
    applies: () => true,
    measure({ trace }) {
      if (trace === undefined) return undefined;
      const top = topEigenpairs(hessianOf(trace, 2 * count), { count, tolerance, seed, mostProducts });
      if (top.values.length === 0) {
        throw new Unmeasurable(
          "eigenvalues-not-converged",
          `The largest eigenvalues of the Hessian were left out at some steps: ${top.products} Hessian-vector products were not enough.`,
        );
      }
      const share = gradientShare(trace.gradient(), top);
      const gap = gapOf(top);
      const isClear = share !== undefined && share.error <= largestShareError;
      return {
        values: {
          ...(gap !== undefined && { "sharpness/gap": gap.value }),
          ...(isClear && {
            "gradient/topShare": share.value,
            "gradient/topShare/null": Math.min(sharedBy, trace.parameterCount) / trace.parameterCount,
          }),
        },
        error: {
          ...(gap !== undefined && { "sharpness/gap": gap.error }),
          ...(isClear && { "gradient/topShare": share.error }),
        },
        vectors: {
          "hessian/eigenvalues": top.values,
          "hessian/eigenvalues/residual": top.residuals.map((residual) => residual + productRounding * top.scale),
        },
        method: `Lanczos, ${top.products} Hessian-vector products`,
      };
    },
  };
}

function gapOf({ values, residuals, scale }: TopEigenpairs): { value: number; error: number } | undefined {
  const [first, second] = values;
  if (first === undefined || second === undefined) return undefined;
  return { value: first - second, error: (residuals[0] ?? 0) + (residuals[1] ?? 0) + 2 * productRounding * scale };
}

/** Share of |g|² in the span of the eigenvectors; the error by the angle that it may be off (Davis and Kahan 1970). */
function gradientShare(gradient: Float32Array, top: TopEigenpairs): { value: number; error: number } | undefined {
  const square = squaredNorm(gradient);
  const spanning = Math.min(sharedBy, gradient.length);
  if (square === 0 || top.values.length < spanning) return undefined;
  const along = top.vectors.slice(0, spanning).reduce((total, vector) => total + dot(vector, gradient) ** 2, 0);
  const gap = (top.values[spanning - 1] ?? 0) - (top.values[spanning] ?? top.next);
  const off = Math.sqrt(squaredNorm(top.residuals.slice(0, spanning))) + productRounding * top.scale;
  return { value: Math.min(1, along / square), error: Math.min(1, off / gap) };
}
