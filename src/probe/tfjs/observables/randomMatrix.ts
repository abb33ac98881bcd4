import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { permutation } from "../trace/permutation.ts";
import { seededGenerator } from "../trace/seededGenerator.ts";

/** Independent standard normal numbers (Box and Muller 1958). */
export function gaussianValues(count: number, seed: number): Float64Array {
  const generator = seededGenerator(seed);
  const uniform = () => uniformFloat64(generator);
  return new Float64Array(count).map(() => {
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    return radius * Math.cos(2 * Math.PI * uniform());
  });
}

/** At most that many of 0 … count − 1, in order, chosen at random so that no regularity of theirs shows. */
export function chosen(count: number, most: number): number[] {
  const all = permutation(count, 1);
  return count <= most ? all.toSorted((a, b) => a - b) : all.slice(0, most).toSorted((a, b) => a - b);
}

/** Edges of the spectrum of XᵀX/n for large n×p matrices X of unit variance, with q = p/n ≤ 1: (1 ± √q)² (Marchenko and Pastur 1967). */
export function bulkEdges(q: number): { readonly lower: number; readonly upper: number } {
  return { lower: (1 - Math.sqrt(q)) ** 2, upper: (1 + Math.sqrt(q)) ** 2 };
}

const medianSteps = 400;

/** Median of the Marchenko–Pastur law of unit variance, q ≤ 1; its density is √((b − x)(x − a)) / (2πqx) on the bulk [a, b]. */
export function bulkMedian(q: number): number {
  const { lower, upper } = bulkEdges(q);
  // Where x = (a + b)/2 − (b − a)/2·cos θ, the density of θ has no root left, and the midpoint rule converges fast.
  const half = (upper - lower) / 2;
  const width = Math.PI / medianSteps;
  let mass = 0;
  for (let index = 0; index < medianSteps; index++) {
    const theta = (index + 0.5) * width;
    const x = (lower + upper) / 2 - half * Math.cos(theta);
    const part = ((half * Math.sin(theta)) ** 2 / (2 * Math.PI * q * x)) * width;
    if (mass + part >= 0.5) {
      const inner = theta - width / 2 + width * ((0.5 - mass) / part);
      return (lower + upper) / 2 - half * Math.cos(inner);
    }
    mass += part;
  }
  return (lower + upper) / 2;
}

/**
 * Centre and scale of the largest eigenvalue of XᵀX for an n×p matrix of independent standard normal entries, n ≥ p: it is about
 * centre + scale·T, with T of Tracy's and Widom's law for β = 1 (Johnstone 2001, Theorem 1.1). Good from p = 5 on.
 */
export function largestOfRandom(n: number, p: number): { readonly centre: number; readonly scale: number } {
  const [tall, wide] = [Math.sqrt(n - 1), Math.sqrt(p)];
  return { centre: (tall + wide) ** 2, scale: (tall + wide) * (1 / tall + 1 / wide) ** (1 / 3) };
}

/** Mean and 99.9 % quantile of the Tracy–Widom law for β = 1 (Bornemann 2010). */
export const tracyWidom = { mean: -1.2065, highest: 3.2724 } as const;
