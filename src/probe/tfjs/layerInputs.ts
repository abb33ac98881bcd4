import type { TracedLayers } from "./layerActivations.ts";
import { distinct } from "./sameExamples.ts";
import type { Leaf } from "./trace/detachedTrace.ts";

/**
 * Ids of what enters layers from outside with a row for each example, each once, in the order in which the layers ran. The first layer may
 * join examples and positions. Empty where the first layer takes what weights have changed, as where a normalization stands before it.
 *
 * @param leaves what weights do not change.
 */
export function layerInputs(
  { taken }: TracedLayers,
  leaves: ReadonlyMap<number, Leaf>,
  examples: number | undefined,
): readonly number[] {
  const [first] = taken;
  const extentOf = (id: number | undefined) =>
    id === undefined ? undefined : leaves.get(id)?.shape.find((extent) => extent !== 1);
  const leading = extentOf(first);
  if (examples === undefined || leading === undefined || leading % examples !== 0) return [];
  const whole = [...new Set(taken)].filter((id) => id === first || extentOf(id) === examples);
  // What is the same number all over, as an initial state, tells nothing.
  return whole.flatMap((id) => {
    const leaf = id === undefined ? undefined : leaves.get(id);
    return id !== undefined && leaf !== undefined && distinct(leaf, 2) >= 2 ? [id] : [];
  });
}
