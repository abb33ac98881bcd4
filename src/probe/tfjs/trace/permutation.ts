import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { seededGenerator } from "./seededGenerator.ts";

/** 0 … count − 1 in a seeded random order (Fisher and Yates). */
export function permutation(count: number, seed: number): number[] {
  const generator = seededGenerator(seed);
  const order = Array.from({ length: count }, (_, index) => index);
  for (let index = count - 1; index > 0; index--) {
    const other = Math.floor(uniformFloat64(generator) * (index + 1));
    [order[index], order[other]] = [order[other] ?? 0, order[index] ?? 0];
  }
  return order;
}
