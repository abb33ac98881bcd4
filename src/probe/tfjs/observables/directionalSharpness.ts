import { addScaled, NonFiniteProductError, norm } from "../trace/krylovSpace.ts";
import type { Trace } from "../trace/trace.ts";
import { visitParts } from "./batchParts.ts";
import { requireTangentRules } from "./hessian.ts";
import { Unmeasurable, type Measurement, type Observable, type ObservedStep } from "./observable.ts";
import { dot, squaredNorm } from "./vectors.ts";

/** Relative to the norms of the parts' products, as for gradients. */
const tolerance = 1e-4;

/**
 * Curvature along the gradient, gᵀHg/|g|², which stochastic gradient descent drives to 2/η on the average over batches ("batch
 * sharpness": Andreyev and Beneventano 2024).
 *
 * `sharpness/directional`: of the batch stepped on, one draw of that average at the run's own batch size.
 * `sharpness/directional@microBatch`: mean over micro-batches of the same weights, each with its own gradient and Hessian; its
 * error is one standard error.
 */
export function directionalSharpness(): Observable {
  return {
    name: "sharpness/directional",
    price: 0.5,
    record: "measure",
    needsTrace: true,
    needsWeights: false,
    applies: () => true,
    measure(step) {
      const { trace } = step;
      if (trace === undefined) return undefined;
      requireTangentRules(trace);
      const direction = directionOf(trace.gradient());
      if (direction === undefined) return undefined;
      const product = trace.hessianVector(direction);
      if (!Number.isFinite(norm(product))) throw new NonFiniteProductError();
      const values = { "sharpness/directional": dot(direction, product) };
      const method = "one Hessian-vector product on the batch stepped on";
      try {
        const micro = overParts(trace, step, direction, product);
        return {
          values: { ...values, "sharpness/directional@microBatch": micro.mean },
          error: { "sharpness/directional@microBatch": micro.standardError },
          method: `${method}, and two on each of ${micro.parts} micro-batches of about ${micro.examples} examples (error: one standard error)`,
        };
      } catch (error) {
        if (!(error instanceof Unmeasurable)) throw error;
        return { values, method, omitted: [error] } satisfies Measurement;
      }
    },
  };
}

/** Of unit length, lest the product of a huge or a minute gradient leave float32's range; undefined where it vanishes. */
function directionOf(gradient: Float32Array): Float32Array | undefined {
  const length = norm(gradient);
  return length === 0 ? undefined : gradient.map((element) => element / length);
}

function overParts(trace: Trace, step: ObservedStep, direction: Float32Array, product: Float32Array) {
  const sum = new Float64Array(product.length);
  const found = visitParts(trace, step, (point, own) => {
    const alongWhole = point.hessianVector(direction);
    const along = directionOf(own);
    return { alongWhole, quotient: along && dot(along, point.hessianVector(along)) };
  });
  let scale = 0;
  for (const { factor, examples, found: part } of found.parts) {
    addScaled(sum, part.alongWhole, (factor * examples) / found.batch);
    scale += ((factor * examples) / found.batch) ** 2 * squaredNorm(part.alongWhole);
  }
  addScaled(sum, product, -1);
  if (!(norm(sum) <= tolerance * Math.sqrt(scale))) {
    throw new Unmeasurable(
      "curvature-not-split",
      "The sharpness over micro-batches is left out, as their Hessians do not make up that of the whole batch.",
    );
  }
  const quotients = found.parts.flatMap(({ factor, found: { quotient } }) =>
    quotient === undefined ? [] : [factor * quotient],
  );
  const count = quotients.length;
  const mean = quotients.reduce((total, each) => total + each, 0) / count;
  const variance = quotients.reduce((total, each) => total + (each - mean) ** 2, 0) / (count - 1);
  return {
    mean,
    standardError: Math.sqrt(variance / count),
    parts: found.parts.length,
    examples: Math.round(found.batch / found.parts.length),
  };
}
