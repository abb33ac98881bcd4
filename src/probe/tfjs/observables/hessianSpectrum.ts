import { spectralQuadrature } from "../trace/spectralQuadrature.ts";
import { hessianOf } from "./hessian.ts";
import type { Observable } from "./observable.ts";

const directions = 3;
const products = 30;

/**
 * `hessian/spectrum`: the spectral density of the Hessian of the loss that was stepped on, by stochastic Lanczos quadrature, as two
 * vectors: shares of the spectrum, and as `hessian/spectrum/at` the eigenvalues, ascending, that they lie at.
 *
 * `hessian/meanEigenvalue` and `hessian/rootMeanSquareEigenvalue` are its first moments; errors are one standard error.
 */
export function hessianSpectrum(): Observable {
  return {
    name: "hessian/spectrum",
    price: 3.6,
    record: "measure",
    needsTrace: true,
    needsWeights: false,
    applies: () => true,
    measure({ trace, step }) {
      if (trace === undefined) return undefined;
      const density = spectralQuadrature(hessianOf(trace, products), { directions, products, seed: step });
      const root = Math.sqrt(density.meanSquare);
      return {
        values: { "hessian/meanEigenvalue": density.mean, "hessian/rootMeanSquareEigenvalue": root },
        error: {
          "hessian/meanEigenvalue": density.meanError,
          "hessian/rootMeanSquareEigenvalue": root === 0 ? 0 : density.meanSquareError / (2 * root),
        },
        vectors: { "hessian/spectrum": density.weights, "hessian/spectrum/at": density.nodes },
        method: `stochastic Lanczos quadrature, ${directions} directions, ${density.products} Hessian-vector products (errors: one standard error)`,
      };
    },
  };
}
