import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { seededGenerator } from "./seededGenerator.ts";

/** Random vectors of one length from a seed of their own: equal seeds give equal vectors. */
export class RandomVectors {
  readonly #dimension: number;
  readonly #generator: ReturnType<typeof seededGenerator>;

  constructor(dimension: number, seed: number) {
    this.#dimension = dimension;
    this.#generator = seededGenerator(seed);
  }

  /** Independent elements of −1 or 1. */
  signs(): Float64Array {
    return this.#fill(() => 2 * uniformInt(this.#generator, 0, 1) - 1);
  }

  /** Independent elements between −1 and 1. */
  uniform(): Float64Array {
    return this.#fill(() => 2 * uniformFloat64(this.#generator) - 1);
  }

  /** Independent standard normal elements, by Box and Muller. */
  normal(): Float64Array {
    return this.#fill(() => {
      const radius = Math.sqrt(-2 * Math.log(1 - uniformFloat64(this.#generator)));
      return radius * Math.cos(2 * Math.PI * uniformFloat64(this.#generator));
    });
  }

  #fill(draw: () => number): Float64Array {
    return new Float64Array(this.#dimension).map(draw);
  }
}
