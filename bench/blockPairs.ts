/** Steps and seconds of blocks in turn with measuring off and on. */
export interface Block {
  readonly steps: number;
  readonly seconds: number;
}

export interface Pair<B extends Block = Block> {
  readonly off: B;
  readonly on: B;
}

/** Seconds. */
export function perStep(blocks: readonly Block[]): number {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return sum(blocks.map(({ seconds }) => seconds)) / sum(blocks.map(({ steps }) => steps));
}

/** By which part steps take longer with measuring on, and one standard error of it. */
export function excessOf(pairs: readonly Pair[]): { readonly longer: number; readonly error: number } {
  const longer = excess(pairs);
  // Jackknife over the pairs (Tukey 1958): what a measurement more or less, and the machine's own moods, make of it.
  const without = pairs.map((_, left) => excess(pairs.filter((__, index) => index !== left)));
  const spread = without.reduce((sum, each) => sum + (each - longer) ** 2, 0);
  return { longer, error: Math.sqrt(((pairs.length - 1) / pairs.length) * spread) };
}

function excess(pairs: readonly Pair[]): number {
  return perStep(pairs.map(({ on }) => on)) / perStep(pairs.map(({ off }) => off)) - 1;
}
