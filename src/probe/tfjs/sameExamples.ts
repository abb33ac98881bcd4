import type { Leaf } from "./trace/detachedTrace.ts";

/** What is compared of a batch: what enters its evaluation, and how many examples it has. */
export interface EnteringBatch {
  readonly leaves: readonly Leaf[];
  /** Undefined where it is not clear. */
  readonly examples: number | undefined;
}

/**
 * Whether two evaluations of one program had the same examples. Values with a row for each example are compared, but for those that
 * are the same number all over, as an initial state is; what is made of two numbers, as a dropout mask is, may differ where
 * something else is the same.
 */
export function sameExamples(first: EnteringBatch, second: EnteringBatch): boolean {
  if (!sameShapes(first, second)) return false;
  const pairs = first.leaves.flatMap((leaf, index) => {
    const other = second.leaves[index];
    return other === undefined || !holdsExamples(leaf, first.examples) ? [] : [[leaf, other] as const];
  });
  const varied = pairs.filter((pair) => pair.some((leaf) => distinct(leaf, 2) >= 2));
  const [equal, different] = [true, false].map((wanted) =>
    varied.filter(([leaf, other]) => equalLeaves(leaf, other) === wanted),
  );
  const mayDiffer = (different ?? []).every((pair) => pair.every((leaf) => distinct(leaf, 3) <= 2));
  return (equal ?? []).length > 0 && mayDiffer;
}

/** Kernels may see the examples behind axes of length 1, or together with another axis: a product of matrices, a lookup of words. */
function holdsExamples({ elements, shape }: Leaf, examples: number | undefined): boolean {
  const leading = shape.find((extent) => extent !== 1) ?? 1;
  return elements.length > 1 && (examples === undefined || leading % examples === 0);
}

export function sameShapes(first: EnteringBatch, second: EnteringBatch): boolean {
  return (
    first.examples === second.examples &&
    first.leaves.length === second.leaves.length &&
    first.leaves.every((leaf, index) => {
      const other = second.leaves[index];
      return leaf.dtype === other?.dtype && leaf.shape.join() === other.shape.join();
    })
  );
}

export function equalLeaves({ elements }: Leaf, { elements: others }: Leaf): boolean {
  return elements.length === others.length && elements.every((element, index) => element === others[index]);
}

/** How many different numbers there are, counted up to a limit. */
export function distinct({ elements }: Leaf, most: number): number {
  const seen = new Set<number>();
  for (const element of elements) {
    seen.add(element);
    if (seen.size >= most) break;
  }
  return seen.size;
}
