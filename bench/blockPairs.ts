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

/** Leaving out fewer pairs at a time would only take longer. */
const mostGroups = 50;

/** By which part steps take longer with measuring on, and one standard error of it. */
export function excessOf(pairs: readonly Pair[]): { readonly longer: number; readonly error: number } {
  const longer = excess(pairs);
  // What a measurement more or less, and the machine's own moods, make of it: a jackknife that leaves out runs of pairs that follow each
  // other (Künsch 1989, section 2.2), for what one has measured another must earn.
  const groups = Math.min(mostGroups, pairs.length);
  const groupOf = (index: number) => Math.floor((index * groups) / pairs.length);
  const without = Array.from({ length: groups }, (_, left) =>
    excess(pairs.filter((__, index) => groupOf(index) !== left)),
  );
  const spread = without.reduce((sum, each) => sum + (each - longer) ** 2, 0);
  return { longer, error: Math.sqrt(((groups - 1) / groups) * spread) };
}

function excess(pairs: readonly Pair[]): number {
  return perStep(pairs.map(({ on }) => on)) / perStep(pairs.map(({ off }) => off)) - 1;
}
