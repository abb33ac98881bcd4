import { hutchPlusPlus } from "../trace/hutchPlusPlus.ts";
import { hessianOf, productRounding } from "./hessian.ts";
import type { Observable } from "./observable.ts";

const products = 30;

/** `hessian/trace`: trace of the Hessian of the loss that was stepped on, by Hutch++; its error is one standard error. */
export function hessianTrace(): Observable {
  return {
    name: "hessian/trace",
    price: 1.2,
    record: "measure",
    needsTrace: true,
    needsWeights: false,
    applies: () => true,
    measure({ trace, step }) {
      if (trace === undefined) return undefined;
      const estimate = hutchPlusPlus(hessianOf(trace, products / 3), products, step);
      return {
        values: { "hessian/trace": estimate.value },
        error: { "hessian/trace": estimate.standardError + productRounding * Math.abs(estimate.value) },
        method: `Hutch++, ${estimate.products} Hessian-vector products (error: one standard error)`,
      };
    },
  };
}
