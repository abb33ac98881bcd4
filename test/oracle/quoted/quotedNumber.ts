/**
 * A number that is quoted for a law, found again: by theory's own code, or by an experiment in float64 that shares no code with it.
 */
export interface QuotedNumber {
  /** Of what it is, with its setting: "test loss of 80 examples, δ = 1, σ² = 0.1". */
  readonly what: string;
  /** How it was found again: "theory", or what was done, with how many draws. */
  readonly by: string;
  readonly quoted: number;
  /** How far from what is quoted it may be, in its own unit: the last digit quoted, or errors that the file argues for. */
  readonly within: number;
  readonly found: number;
}

/** Those found again by theory's own code, to the digits quoted. */
export function byTheory(
  within: number,
  rows: readonly (readonly [what: string, quoted: number, found: number | undefined])[],
): QuotedNumber[] {
  return rows.map(([what, quoted, found = NaN]) => ({ what, by: "theory", quoted, within, found }));
}

export function isFoundAgain({ quoted, within, found }: QuotedNumber): boolean {
  return Math.abs(found - quoted) <= within;
}
