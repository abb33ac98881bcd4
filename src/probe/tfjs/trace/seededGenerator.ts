import { mersenne } from "pure-rand/generator/mersenne";

/**
 * A generator that has nothing to do with the script's own, and is independent of those of neighbouring seeds, as steps are: the
 * Mersenne Twister mixes its seed in, where xoroshiro's first numbers of neighbouring seeds are alike, and their last bits for ever.
 */
export function seededGenerator(seed: number): ReturnType<typeof mersenne> {
  return mersenne(seed);
}
