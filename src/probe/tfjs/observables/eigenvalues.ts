import { topEigenpairs, type TopEigenpairs } from "../trace/topEigenpairs.ts";
import { hessianOf, productRounding } from "./hessian.ts";
import { Unmeasurable, type Observable } from "./observable.ts";
import { dot, squaredNorm } from "./vectors.ts";

/** Relative to the largest eigenvalue in absolute terms. */
const tolerance = 1e-4;
const mostProducts = 120;
/** Beyond it the eigenspace is a mixture with its neighbours, and the share in it says nothing. */
const largestShareError = 0.1;
const seed = 0x70b5;

/**
 * `hessian/eigenvalues` and `hessian/eigenvalues/residual`: vectors of the largest algebraic eigenvalues of the Hessian of the loss
 * that was stepped on, largest first, and of bounds on the distance of each to some eigenvalue.
 *
 * `sharpness/gap`: difference of the first two; where it closes, the first has no derivative.
 * `gradient/topShare`: share of |g|² in the space of their eigenvectors (Gur-Ari, Roberts and Dyer 2018), with the share of a random
 * direction as `…/null`.
 *
 * @param count eigenvalues, at most 20.
 */
export function eigenvalues(count = 10): Observable {
  let start: Float64Array | undefined;
  return {
    name: "hessian/eigenvalues",
    price: 2.5,
    record: "measure",
    needsTrace: true,
    needsWeights: false,
    applies: () => true,
    measure({ trace }) {
      if (trace === undefined) return undefined;
      const known = start?.length === trace.parameterCount ? start : undefined;
      const top = topEigenpairs(hessianOf(trace, 2 * count), { count, tolerance, seed, start: known, mostProducts });
      start = sum(top.vectors);
      if (!top.converged) {
        throw new Unmeasurable(
          "eigenvalues-not-converged",
          `The ${count} largest eigenvalues of the Hessian were left out at some steps: ${top.products} Hessian-vector products were not enough.`,
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
            "gradient/topShare/null": top.values.length / trace.parameterCount,
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
        method: `Lanczos, ${top.products} Hessian-vector products, ${known === undefined ? "cold" : "warm"} start`,
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
  if (square === 0) return undefined;
  const along = top.vectors.reduce((total, vector) => total + dot(vector, gradient) ** 2, 0);
  const gap = (top.values.at(-1) ?? 0) - top.next;
  const off = Math.sqrt(squaredNorm(top.residuals)) + productRounding * top.scale;
  return { value: Math.min(1, along / square), error: Math.min(1, off / gap) };
}

function sum(vectors: readonly Float64Array[]): Float64Array {
  const total = new Float64Array(vectors[0]?.length ?? 0);
  for (const vector of vectors)
    for (let index = 0; index < total.length; index++) total[index] = (total[index] ?? 0) + (vector[index] ?? 0);
  return total;
}
